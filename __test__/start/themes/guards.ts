import test from 'ava';
import type { StartMethod } from 'zygote';
import { CJS, ESM, runFiles, starting } from '../helpers/files.js';

const EVALUATED = "console.log('evaluated');\n";
const TARGET = "function target() { return 'ran'; }\n";

const unguarded = {
  'a main module that waits for the start': {
    'main.mjs': `${ESM}${EVALUATED}export ${TARGET}
      const child = new Process({ target, method: process.argv[2] });
      await child.start();
      console.log(await child.result.catch(({ code }) => code));`,
  },
  'a main module that does not wait': { 'main.mjs': `${ESM}${EVALUATED}export ${TARGET}${starting('target')}` },
  'a CommonJS main module': {
    'main.cjs': `${CJS}${EVALUATED}${TARGET}exports.target = target;\n${starting('target')}`,
  },
  'a module that the main module imports': {
    'main.mjs': `${ESM}import { target } from './other.mjs';\nif (isMainProcess) ${starting('target')}`,
    'other.mjs': `${ESM}${EVALUATED}export ${TARGET}if (process.argv[2]) await new Process({ target, method: process.argv[2] }).start();`,
  },
};

/** Modules that start a process wherever they are imported. */
export function guards(method: StartMethod): void {
  for (const [what, files] of Object.entries(unguarded)) {
    test(`${method}: a missing guard is an error that says so, and no bomb: ${what}`, async (t) => {
      const outcome = await runFiles(t, files, Object.keys(files)[0] ?? '', { args: [method] });
      const lines = outcome.stdout.split(/\r?\n/).filter(Boolean);
      // In the main process and in each of its children, and no further.
      const processes = 'other.mjs' in files ? 3 : 2;
      t.is(lines.filter((line) => line === 'evaluated').length, processes);
      t.regex(outcome.stdout + outcome.stderr, /ERR_ZYGOTE_BOOTSTRAPPING/);
    });
  }
}
