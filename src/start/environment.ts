/** Changing the environment of this process: the real one, which Workers and C libraries read as well. */
import type { Place } from './setup.js';

export function replaceEnvironment(env: Record<string, string>): void {
  for (const name of Object.keys(process.env)) if (!Object.hasOwn(env, name)) delete process.env[name];
  Object.assign(process.env, env);
}

/** Goes where a process is to be. */
export function takePlace({ cwd, umask, env }: Place): void {
  if ('whole' in env) {
    replaceEnvironment(env.whole);
  } else {
    for (const [name, value] of Object.entries(env.changes)) {
      if (value === null) delete process.env[name];
      else process.env[name] = value;
    }
  }
  process.chdir(cwd);
  process.umask(umask);
}
