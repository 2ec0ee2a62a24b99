/**
 * Whether the figures of `zygote measure` are right: the same two hand-overs are timed by a program that has nothing of the
 * measurement's, in the same session. `npm run measure:verify -- [rounds] [megabytes]` prints both, and fails if they differ by
 * more than 15 %. Run it on a machine that does nothing else.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { measure, type MeasuredPayload } from 'zygote/measure';

const [rounds = 10, megabytes = 10] = process.argv.slice(2).map(Number);
/** How far the two may be from each other. */
const TOLERANCE = 0.15;
const OWN = fileURLToPath(new URL('verify/own.js', import.meta.url));

const methods = ['fork', 'clone'] as const;
/** The two take turns, so that a machine that becomes slower does so for both. */
const LAPS = 3;

const laps: Record<(typeof methods)[number], { theirs: number[]; ours: number[] }> = {
  fork: { theirs: [], ours: [] },
  clone: { theirs: [], ours: [] },
};
let title = '';
for (let lap = 0; lap < LAPS; lap++) {
  const { payloads } = await measure({ payloads: ['records'], sizes: [megabytes * 1e6], rounds, methods });
  const records = payloads.find(({ name }) => name === 'records') as MeasuredPayload;
  title = records.title;
  for (const name of methods) {
    const contestant = records.contestants.find((one) => one.name === name);
    if (contestant?.status !== 'measured') throw new Error(`${name} was not measured`);
    // It collects garbage before every round, which a program that does its work does not: without the flag V8 would throw code away.
    const flags = ['--expose-gc', '--no-flush-bytecode'];
    const args = [...flags, OWN, name, String(records.values / 3), String(rounds)];
    laps[name].theirs.push(contestant.usable.median);
    laps[name].ours.push(Number(execFileSync(process.execPath, args, { encoding: 'utf8' })));
  }
}

console.log(`${title}: usable in the child after, ms (medians of ${LAPS} medians of ${rounds})`);
for (const name of methods) {
  const [theirs, ours] = [median(laps[name].theirs), median(laps[name].ours)];
  const difference = theirs / ours - 1;
  const agrees = Math.abs(difference) <= TOLERANCE;
  const percent = `${difference >= 0 ? '+' : ''}${(100 * difference).toFixed(1)} %`;
  console.log(
    `${name.padEnd(6)} zygote measure ${theirs.toFixed(2)}   independent ${ours.toFixed(2)}   ${percent} ${agrees ? 'agrees' : 'DIFFERS'}`,
  );
  if (!agrees) process.exitCode = 1;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number;
}
