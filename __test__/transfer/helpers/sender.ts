/** For programs: sends functions and other values to another process, and prints what becomes of them there. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { pickle } from '#dist/transfer/pickle';
import { reference } from '#dist/transfer/reference';

export { define, reference, resolveReference } from '#dist/transfer/reference';

const RECEIVER = fileURLToPath(new URL('receiver.js', import.meta.url));

/** What became of a value. */
export interface Fate {
  /** Its reference; the module is shortened to its last part. */
  reference?: string;
  /** What a function gave in the other process, of a class its name there, of another value what its `show` gave. */
  result?: unknown;
  /** Why it could not be sent, or received. */
  error?: string;
}

/** Sends all at once. Does not return before they have been called: this module may still be being evaluated. */
export function send(things: Record<string, unknown>, execArgv: readonly string[] = process.execArgv): void {
  const fates: Record<string, Fate> = {};
  const sent: Record<string, string[]> = {};
  for (const [name, thing] of Object.entries(things)) {
    try {
      fates[name] = {};
      if (typeof thing === 'function') {
        const { module, export: path } = reference(thing);
        fates[name] = { reference: `${module.split('/').at(-1)} ${path}` };
      }
      sent[name] = pickle(thing).segments.map((segment) => Buffer.from(segment).toString('base64'));
    } catch (error) {
      fates[name] = { error: (error as Error).message };
    }
  }
  const { stdout, stderr } = spawnSync(process.execPath, [...execArgv, RECEIVER], {
    input: JSON.stringify(sent),
    encoding: 'utf8',
  });
  if (stdout === '') throw new Error(stderr);
  for (const [name, fate] of Object.entries(JSON.parse(stdout) as Record<string, Fate>))
    Object.assign(fates[name]!, fate);
  console.log(JSON.stringify(fates));
}
