/**
 * A process that measures: it has one payload, nothing of another one, and hands it on in one kind of way. Its environment
 * is clean, so that its children start from the same state in every run.
 */
import { ZygoteError } from '../../errors.js';
import { loadPayload } from '../payloads/load.js';
import { Bench } from './bench.js';
import type { BenchAnswer, BenchCommand, BenchTask } from './protocol.js';

// Whoever has started this is gone.
process.once('disconnect', () => process.exit());

const task = JSON.parse(process.argv[2] ?? '') as BenchTask;
await answering(async () => {
  const bench = new Bench(await loadPayload(task.payload, task.scale), task.contestants, task.timeout);
  process.on('message', (command: BenchCommand) => void answering(() => obey(bench, command)));
  return bench.prepare(task.sized);
});

async function obey(bench: Bench, command: BenchCommand): Promise<BenchAnswer> {
  if (command.kind === 'end') {
    bench.end();
    return { kind: 'ended' };
  }
  try {
    return await result(bench, command);
  } catch (error) {
    if (error instanceof ZygoteError && error.code === 'ERR_ZYGOTE_MEASURE_MISMATCH') throw error;
    return { kind: 'failed', reason: error instanceof Error ? error.message : String(error) };
  }
}

async function result(bench: Bench, command: Exclude<BenchCommand, { kind: 'end' }>): Promise<BenchAnswer> {
  const { contestant } = command;
  if (command.kind === 'turn') return { kind: 'outcome', outcome: await bench.turn(contestant, command.extent) };
  if (command.kind === 'together')
    return { kind: 'together', together: await bench.together(contestant, command.children) };
  await bench.warmUp(contestant);
  return { kind: 'warm' };
}

async function answering(work: () => Promise<BenchAnswer>): Promise<void> {
  let answer: BenchAnswer;
  try {
    answer = await work();
  } catch (error) {
    const code = error instanceof ZygoteError ? error.code : 'ERR_ZYGOTE_MEASURE_FAILED';
    answer = { kind: 'error', code, message: messageOf(error) };
  }
  process.send?.(answer);
}

function messageOf(error: unknown): string {
  if (error instanceof ZygoteError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
