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
const { payloads } = await measure({ payloads: ['records'], sizes: [megabytes * 1e6], rounds, methods });
const { contestants, title, values } = payloads.find(({ name }) => name === 'records') as MeasuredPayload;
const count = values / 3;

console.log(`${title}: usable in the child after, ms (medians of ${rounds})`);
for (const name of methods) {
  const contestant = contestants.find((one) => one.name === name);
  if (contestant?.status !== 'measured') throw new Error(`${name} was not measured`);
  const args = ['--expose-gc', OWN, name, String(count), String(rounds)];
  const ours = Number(execFileSync(process.execPath, args, { encoding: 'utf8' }));
  const theirs = contestant.usable.median;
  const difference = theirs / ours - 1;
  const agrees = Math.abs(difference) <= TOLERANCE;
  const percent = `${difference >= 0 ? '+' : ''}${(100 * difference).toFixed(1)} %`;
  console.log(
    `${name.padEnd(6)} zygote measure ${theirs.toFixed(2)}   independent ${ours.toFixed(2)}   ${percent} ${agrees ? 'agrees' : 'DIFFERS'}`,
  );
  if (!agrees) process.exitCode = 1;
}
