/** `zygote doctor` */
import { arch, availableParallelism, release, totalmem, type as osType } from 'node:os';
import { parseArgs } from 'node:util';
import { native } from '../../native/binding.js';
import { nativePath } from '../../native/load.js';
import { nativeTarget } from '../../native/target.js';
import { forkserver } from '../../start/forkserver.js';
import { getStartMethod, type StartMethod } from '../../start/method.js';
import type { ForkStrategy } from '../../start/strategy.js';
import { UsageError } from '../usage.js';
import { type Finding, tryMethod, tryStrategy } from './tries.js';

const HELP = `Usage: zygote doctor [--json]

Says what this machine can do: prints system, kernel, C library and Node, and tries every start method and every way to fork
once. The exit code is 1 if something does not work that should.

  --json    the same as JSON on stdout
  --help    this text
`;

interface Diagnosis {
  system: Record<string, string>;
  methods: Record<StartMethod, Finding>;
  strategies: Record<ForkStrategy, Finding>;
}

/** Gives the exit code. */
export async function doctorCommand(args: string[]): Promise<number> {
  const { help, json } = parse(args);
  if (help) {
    process.stdout.write(HELP);
    return 0;
  }
  const diagnosis = await examine();
  process.stdout.write(json ? `${JSON.stringify(diagnosis, undefined, 2)}\n` : textOf(diagnosis));
  const all = [...Object.values(diagnosis.methods), ...Object.values(diagnosis.strategies)];
  return all.some(({ status }) => status === 'fails') ? 1 : 0;
}

function parse(args: string[]): { help?: boolean; json?: boolean } {
  try {
    return parseArgs({ args, options: { help: { type: 'boolean', short: 'h' }, json: { type: 'boolean' } } }).values;
  } catch (error) {
    throw new UsageError((error as Error).message, 'zygote doctor --help', { cause: error });
  }
}

async function examine(): Promise<Diagnosis> {
  // One after the other: each of them is timed.
  const fork = await tryMethod('fork');
  const server = await tryMethod('forkserver');
  await forkserver.stop();
  const spawn = await tryMethod('spawn');
  const allThreads = await tryStrategy('all-threads');
  const singleThreaded = await tryStrategy('single-threaded');
  return {
    system: systemFacts(),
    methods: { fork, forkserver: server, spawn },
    strategies: { 'all-threads': allThreads, 'single-threaded': singleThreaded },
  };
}

function systemFacts(): Record<string, string> {
  const { v8, uv } = process.versions;
  const memory = (totalmem() / 2 ** 30).toFixed(1);
  return {
    system: `${osType()} ${release()}, ${arch()}${libc()}`,
    machine: `${availableParallelism()} processors, ${memory} GiB of memory`,
    node: `${process.version} (V8 ${v8}, libuv ${uv})${flags()}`,
    addon: `${nativeTarget()} ${native().version()}, ${nativePath()}`,
    'start method': `${getStartMethod()} (the default)`,
  };
}

function libc(): string {
  if (process.platform !== 'linux') return '';
  const { header } = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime === undefined ? ', musl' : `, glibc ${header.glibcVersionRuntime}`;
}

function flags(): string {
  const given = [
    ...process.execArgv,
    ...(process.env['NODE_OPTIONS'] ? [`NODE_OPTIONS=${process.env['NODE_OPTIONS']}`] : []),
  ];
  return given.length === 0 ? '' : `, started with ${given.join(' ')}`;
}

const LABEL = 18;

function textOf({ system, methods, strategies }: Diagnosis): string {
  return [
    ...Object.entries(system).map(([name, fact]) => `${name.padEnd(LABEL)}${fact}`),
    '',
    'start methods',
    ...Object.entries(methods).map(findingLine),
    '',
    'ways to fork',
    ...Object.entries(strategies).map(findingLine),
    '',
    conclusion(methods),
    '',
  ].join('\n');
}

function findingLine([name, finding]: [string, Finding]): string {
  return `  ${name.padEnd(LABEL - 2)}${describe(finding)}`;
}

function describe(finding: Finding): string {
  if (finding.status === 'unavailable') return `not here: ${finding.reason}`;
  if (finding.status === 'fails') return `FAILS: ${finding.reason}`;
  const note = finding.note === undefined ? '' : `; ${finding.note}`;
  return `works: start to result ${finding.milliseconds.toFixed(1)} ms${note}`;
}

function conclusion(methods: Diagnosis['methods']): string {
  const working = Object.entries(methods).filter(([, { status }]) => status === 'works');
  const names = working.map(([name]) => name);
  if (Object.values(methods).some(({ status }) => status === 'fails')) {
    return 'Something does not work here: please report it with this text.';
  }
  return `Start methods that can be used here: ${names.join(', ')}.`;
}
