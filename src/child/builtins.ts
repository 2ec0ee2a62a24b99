import { syncBuiltinESMExports } from 'node:module';
import { internals } from './internals.js';

/**
 * After properties of Node's own modules were changed: `import { pid } from 'node:process'` sees the new value too. Node's own
 * function for it goes through all modules, which takes 15 times as long.
 */
export function syncBuiltins(...names: ('http' | 'https' | 'process')[]): void {
  const { builtins } = internals();
  if (!builtins) syncBuiltinESMExports();
  else for (const name of names) builtins.get(name)?.syncExports();
}
