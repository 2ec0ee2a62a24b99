/** A project of a user's, in a folder of its own, on a machine that has no cargo. */
import { execFile, type ExecFileException } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Of the repository. */
export const root = fileURLToPath(new URL('../../../..', import.meta.url));

const [suffix, shell] = process.platform === 'win32' ? ['.exe', true] : ['', false];

export class Project {
  readonly folder: string;
  readonly #env: NodeJS.ProcessEnv;

  constructor(files: Record<string, string> = {}) {
    this.folder = realpathSync(mkdtempSync(join(tmpdir(), 'zygote-project-')));
    const home = join(this.folder, 'home');
    mkdirSync(home);
    for (const [name, content] of Object.entries(files)) writeFileSync(join(this.folder, name), content);
    this.#env = { ...cleanEnvironment(), HOME: home, USERPROFILE: home, XDG_CACHE_HOME: home, XDG_DATA_HOME: home };
  }

  /** What it prints to standard output; with both streams in the error when it fails. */
  run(command: string, ...args: string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const options = { cwd: this.folder, env: this.#env, shell: shell && command !== process.execPath };
      execFile(command, args, options, (error: ExecFileException | null, stdout, stderr) => {
        if (error) reject(new Error(`${error.message}\n${stdout}\n${stderr}`));
        else resolve(stdout);
      });
    });
  }

  node(...args: string[]): Promise<string> {
    return this.run(process.execPath, ...args);
  }

  npm(...args: string[]): Promise<string> {
    return this.run('npm', ...args, '--no-audit', '--no-fund', '--no-update-notifier');
  }

  pnpm(...args: string[]): Promise<string> {
    return this.node(join(root, 'node_modules', 'pnpm', 'bin', 'pnpm.cjs'), ...args);
  }

  has(...path: string[]): boolean {
    return existsSync(join(this.folder, ...path));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Without what a test runner and npm put there, and without the folders that have a cargo. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const path = [dirname(process.execPath), ...(process.env['PATH'] ?? '').split(delimiter)]
    .filter((folder) => !existsSync(join(folder, `cargo${suffix}`)) && !folder.includes('node_modules'))
    .join(delimiter);
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|NODE_|PNPM_|CARGO|RUST|PATH$|ZYGOTE_)/i.test(name),
  );
  return { ...Object.fromEntries(kept), PATH: path };
}
