// A background snapshot of a live data structure. Accounts to which money comes and from which it goes all the time are written to a file
// as they were at one moment, while this process goes on changing them. In every consistent picture the sum is the same.
//
//   npm run example:snapshot                  into a temporary file
//   npm run example:snapshot -- accounts.json
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';
import { snapshot } from 'zygote';

const ACCOUNTS = Number(process.env.ACCOUNTS ?? 500_000);
const folder = process.argv[2] ? undefined : mkdtempSync(join(tmpdir(), 'zygote-snapshot-'));
const file = process.argv[2] ?? join(folder, 'accounts.json');

const accounts = new Map();
for (let id = 0; id < ACCOUNTS; id++) accounts.set(id, { id, owner: `owner ${id}`, balance: 1000 });

let transfers = 0;
let isRunning = true;
function goOn() {
  for (let n = 0; n < 1000; n++) {
    const [from, to] = [accounts.get(random()), accounts.get(random())];
    from.balance -= 10;
    to.balance += 10;
    transfers++;
  }
  if (isRunning) setImmediate(goOn);
}
const random = () => Math.floor(Math.random() * ACCOUNTS);
goOn();

const before = transfers;
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
let since = performance.now();
const written = await snapshot(async () => {
  // Of the copy: nothing changes any more. Line by line, for it need not be in memory a second time.
  await pipeline(lines, createWriteStream(file));
  return accounts.size;
});
const took = performance.now() - since;
delay.disable();
const meanwhile = transfers - before;
console.log(`${written} accounts were written in ${took.toFixed(0)} ms; ${meanwhile} transfers were made meanwhile`);
console.log(`the longest that this process stood still for it was ${(delay.max / 1e6).toFixed(1)} ms`);
if (meanwhile === 0) throw new Error('this process did not go on');

since = performance.now();
const text = JSON.stringify([...accounts.values()]);
console.log(
  `JSON.stringify of the ${(text.length / 1e6).toFixed(0)} MB here would have stopped it for ${(performance.now() - since).toFixed(0)} ms`,
);
isRunning = false;

let sum = 0;
for await (const line of createInterface({ input: createReadStream(file) })) sum += JSON.parse(line).balance;
if (sum !== 1000 * ACCOUNTS) throw new Error(`the picture is not of one moment: the sum is ${sum}`);
console.log(`the sum of the balances in the file is right: ${sum}`);
if (folder) rmSync(folder, { recursive: true });

function* lines() {
  for (const account of accounts.values()) yield `${JSON.stringify(account)}\n`;
}
