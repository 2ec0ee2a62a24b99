/** What a user writes, as an ES module, as CommonJS, and in TypeScript. */

const job = `
  const index = new Map(Array.from({ length: 1000 }, (_, at) => ['key ' + at, at]));
  const found = {};
  for (const method of getAllStartMethods()) {
    const job = method === 'fork' ? { target: () => index.get('key 7') } : { target: add, args: [3, 4] };
    const child = await new Process({ ...job, method }).start();
    found[method] = await child.result;
    await child.join();
  }
  console.log(JSON.stringify(found));
`;

const typed = `
  const child: Process<[number, number], number> = new Process({ target: add, args: [3, 4] });
  const sum: number = await (await child.start()).result;
  const status: { exitCode: number | null } | undefined = await child.join({ timeout: 1000 });
  const asked: Promise<unknown> = waitpid(1);
  console.log(sum, status, asked, measure);
`;

export const programs: Record<string, string> = {
  'package.json': '{ "name": "user", "private": true }',
  'main.mjs': `
import { getAllStartMethods, isMainProcess, Process } from 'zygote';
export function add(a, b) { return a + b; }
if (isMainProcess) {${job}}
`,
  'main.cjs': `
const { getAllStartMethods, isMainProcess, Process } = require('zygote');
exports.add = function add(a, b) { return a + b; };
const { add } = exports;
async function main() {${job}}
if (isMainProcess) main();
`,
  // Which addon is in use.
  'loaded.mjs': `
await import('./main.mjs');
process.report.excludeNetwork = true;
console.log(process.report.getReport().sharedObjects.find((file) => file.endsWith('.node')));
`,
  'module.mts': `
import { Process } from 'zygote';
import { measure } from 'zygote/measure';
import { waitpid } from 'zygote/posix';
export const add = (a: number, b: number): number => a + b;
export async function main(): Promise<void> {${typed}}
`,
  'common.cts': `
import { Process } from 'zygote';
import { measure } from 'zygote/measure';
import { waitpid } from 'zygote/posix';
export const add = (a: number, b: number): number => a + b;
export async function main(): Promise<void> {${typed}}
`,
};
