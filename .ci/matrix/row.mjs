// One row while it runs.
import { spawn } from 'node:child_process';
import { root } from '../package/targets.mjs';

/** Thrown to say that this machine cannot run something. */
export class Skip extends Error {}

export class Row {
  #name;
  #log;
  #counts = { passed: 0, failed: 0, skipped: 0 };
  #state = 'passed';
  #why = [];

  constructor(name, log, options) {
    this.#name = name;
    this.#log = log;
    this.options = options;
  }

  /** Something that belongs into the last column. */
  note(text) {
    this.#why.push(text);
  }

  fail(text) {
    this.#state = 'failed';
    this.note(text);
  }

  /** The whole row. */
  skip(reason) {
    this.#state = 'skipped';
    this.note(reason);
  }

  /** Runs a command, whose output goes to the log, and gives that output. It is an error if it fails, unless `mayFail`. */
  async run(command, args, { mayFail = false, env, cwd = root } = {}) {
    this.#log.write(`\n$ ${command} ${args.join(' ')}\n`);
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
        this.#log.write(text);
      });
    }
    const code = await new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (status, signal) => resolve(signal ?? status));
    });
    if (code !== 0 && !mayFail) throw new Error(`${command} ${args[0] ?? ''}: ${lastLine(output)} (${code})`);
    return output;
  }

  /** Runs specs (without folder and suffix; all if none is given) by `node` in this tree, and counts what came of them. */
  async ava(node, specs = [], { env, wrapper = [], flags = [] } = {}) {
    const files = specs.map((spec) => `.build/test/${spec}.spec.js`);
    const [command, ...rest] = [...wrapper, node, 'node_modules/ava/entrypoints/cli.mjs', ...flags, ...files];
    const output = await this.run(command, rest, { mayFail: true, env });
    this.count(output);
  }

  /** Adds what AVA or cargo say at the end. */
  count(output) {
    const sum = (pattern) => [...output.matchAll(pattern)].reduce((total, [, number]) => total + Number(number), 0);
    // When a test has failed AVA does not say how many have passed. Its marks are others on Windows.
    const passed = (output.match(/^\s*[✔√] /gm)?.length ?? 0) + sum(/^test result: .*?(\d+) passed/gm);
    const failed = sum(
      /^\s*(\d+) (?:tests?|uncaught exceptions?|unhandled rejections?|hooks?) failed|^\s*\d+ uncaught/gm,
    );
    const skipped = sum(/^\s*(\d+) tests? skipped/gm) + sum(/^test result: .*?(\d+) ignored/gm);
    this.#counts.passed += passed;
    this.#counts.failed += failed;
    this.#counts.skipped += skipped;
    const titles = [...output.matchAll(/^\s*[✘×] (?:\[fail\]: )?(.+)$/gm)].map(([, title]) => title);
    if (titles.length > 0) this.fail(titles.join('; '));
    else if (failed > 0 || passed === 0)
      this.fail(passed === 0 ? `no test has passed: ${lastLine(output)}` : `${failed} failed`);
  }

  /** Something that is no test of a runner's has passed. */
  passed() {
    this.#counts.passed++;
  }

  result() {
    return { name: this.#name, state: this.#state, ...this.#counts, why: this.#why.join('; ') };
  }
}

function lastLine(output) {
  return output.trim().split('\n').at(-1) ?? '';
}
