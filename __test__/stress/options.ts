import { parseArgs } from 'node:util';

/** What `npm run stress` was asked for. */
export interface StressOptions {
  forks: number;
  seed: number;
  parallel: number;
  /** Milliseconds that one child may take. */
  deadline: number;
  kinds: string[];
  how: ('raw' | 'process')[];
  /** Leave a hung child for a debugger. */
  keep: boolean;
  idle: boolean;
}

export const HELP = `npm run stress -- [options]

Forks this process many times while its JIT, garbage collector and thread pool are busy, and lets each child do
something that needs V8's, libuv's or its own threads.

  --forks N      how many (default 2000)
  --seed N       repeat a run: the seed of every choice (default: the time)
  --parallel N   children at a time (default 3)
  --deadline S   seconds that a child may take before it counts as hung (default 120)
  --kinds a,b    only these kinds of work
  --how raw      only by zygote/posix fork(); "process": only by Process
  --idle         the parent does nothing but fork
  --keep         leave a hung child running, for a debugger
  --help`;

export function readOptions(args: string[]): StressOptions | undefined {
  const { values } = parseArgs({
    args,
    options: {
      forks: { type: 'string', default: '2000' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000_007) },
      parallel: { type: 'string', default: '3' },
      deadline: { type: 'string', default: '120' },
      kinds: { type: 'string', default: '' },
      how: { type: 'string', default: 'raw,process' },
      keep: { type: 'boolean', default: false },
      idle: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    forks: Number(values.forks),
    seed: Number(values.seed),
    parallel: Number(values.parallel),
    deadline: Number(values.deadline) * 1000,
    kinds: values.kinds.split(',').filter(Boolean),
    how: values.how.split(',') as StressOptions['how'],
    keep: values.keep,
    idle: values.idle,
  };
}
