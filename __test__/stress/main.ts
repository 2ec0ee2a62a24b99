/** `npm run stress`: see options.ts. Runs the forking process, watches it, and says what went wrong. */
import { fork as spawnNode } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describeThreads } from './inspect.js';
import type { Holdings } from './leaks.js';
import { HELP, readOptions } from './options.js';
import type { Report } from './run.js';

const args = process.argv.slice(2);
const options = readOptions(args);
if (!options) {
  console.log(HELP);
  process.exit(0);
}
const { forks, seed, deadline } = options;
console.log(`stress: ${forks} forks, seed ${seed}, Node ${process.version} on ${process.platform}-${process.arch}`);

const failures: Extract<Report, { type: 'failure' }>[] = [];
let end: Extract<Report, { type: 'end' }> | undefined;
let done = 0;
const started = performance.now();
const forking = spawnNode(fileURLToPath(new URL('run.js', import.meta.url)), [...args, '--seed', String(seed)]);

// A fork that hangs the parent itself shows as silence.
let watchdog = setTimeout(onSilence, 2 * deadline);
function onSilence(): void {
  failures.push({
    type: 'failure',
    kind: 'any',
    how: 'parent',
    what: `hung\n${describeThreads(forking.pid as number)}`,
  });
  forking.kill('SIGKILL');
}

forking.on('message', (message) => {
  const report = message as Report;
  clearTimeout(watchdog);
  watchdog = setTimeout(onSilence, 2 * deadline);
  if (report.type === 'progress') {
    done = report.done;
    const step = Math.max(1, Math.floor(forks / 20));
    if (process.stderr.isTTY) process.stderr.write(`\r${done}/${forks}, ${failures.length} failed `);
    else if (done % step === 0) console.log(`${done}/${forks}, ${failures.length} failed`);
  } else if (report.type === 'failure') {
    failures.push(report);
    console.error(`\nfailed: ${report.how} ${report.kind}: ${report.what}`);
  } else end = report;
});

forking.on('exit', (code, signal) => {
  clearTimeout(watchdog);
  if (code !== 0) failures.push({ type: 'failure', kind: 'any', how: 'parent', what: `ended with ${signal ?? code}` });
  if (process.stderr.isTTY) process.stderr.write('\n');
  console.log(`\n${done - failures.length} passed, ${failures.length} failed`);
  for (const [what, count] of countBy(
    failures.map((failure) => `${failure.how} ${failure.kind}: ${failure.what.split('\n')[0]}`),
  )) {
    console.log(`  ${count} × ${what}`);
  }
  if (end) {
    const { times, before, after } = end;
    times.sort((a, b) => a - b);
    const at = (part: number) => (times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? 0).toFixed(2);
    console.log(`fork() in the parent: median ${at(0.5)} ms, 99 % below ${at(0.99)} ms, longest ${at(1)} ms`);
    console.log(`held by the parent after a quarter of the forks: ${describe(before)}`);
    console.log(`held by the parent at the end:                  ${describe(after)}`);
  }
  console.log(`seed ${seed}, Node ${process.version}, ${((performance.now() - started) / 1000).toFixed(0)} s`);
  process.exitCode = failures.length > 0 || !end ? 1 : 0;
});

function describe({ descriptors, mappings, zombies, heap, rss }: Holdings): string {
  return `${descriptors} descriptors, ${mappings} mappings, ${zombies} zombies, ${heap} MB of live objects, ${rss} MB resident`;
}

function countBy(values: string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
