// Where what was fetched once is kept: ZYGOTE_CACHE_DIR, or the user's cache; root's is where others can read it too, as tests
// run programs as other users.
import { mkdirSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export function cache() {
  const users = process.getuid?.() === 0 ? '/var/cache' : (process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'));
  const folder = process.env.ZYGOTE_CACHE_DIR ?? join(users, 'zygote');
  mkdirSync(folder, { recursive: true });
  return realpathSync(folder);
}
