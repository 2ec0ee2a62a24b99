/**
 * The process that measures one payload. It is a process of its own, with a clean environment, so that its memory has this
 * payload and nothing of another one, and its children start from the same state in every run.
 */
import { writeSync } from 'node:fs';
import { ZygoteError } from '../../errors.js';
import { loadPayload } from '../payloads/load.js';
import { PIPE, type BenchEvent, type BenchTask } from './protocol.js';
import { measurePayload } from './rounds.js';

try {
  const task = JSON.parse(process.argv[2] ?? '') as BenchTask;
  const payload = await measurePayload(await loadPayload(task.payload, task.scale), {
    ...task,
    onTurn: (contestant, round) => tell({ kind: 'turn', contestant, round }),
  });
  tell({ kind: 'done', payload });
} catch (error) {
  const code = error instanceof ZygoteError ? error.code : 'ERR_ZYGOTE_MEASURE_FAILED';
  tell({ kind: 'error', code, message: messageOf(error) });
}
// Whatever a contestant or the user's module has left running.
process.exit();

/** Throws when nobody listens any more; then there is no reason to go on. */
function tell(event: BenchEvent): void {
  writeSync(PIPE, `${JSON.stringify(event)}\n`);
}

function messageOf(error: unknown): string {
  if (error instanceof ZygoteError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
