/** Imports the modules that children are to find imported. */
import { pathToFileURL } from 'node:url';
import { importModule } from '../../transfer/modules.js';
import type { ServerTask } from './protocol.js';

/** A module could not be imported; `cause` is why. */
export class PreloadError extends Error {
  constructor(
    readonly module: string,
    cause: unknown,
  ) {
    super(`cannot preload ${module}`, { cause });
  }
}

/**
 * Imports modules one after the other, as their order may matter. Gives the URLs of those that could be.
 *
 * @throws PreloadError unless errors are to be passed over.
 */
export async function preload({ preload: modules, onError, base }: ServerTask): Promise<string[]> {
  // With `--experimental-import-meta-resolve`; without it the second argument has no effect.
  const resolve = import.meta.resolve;
  const parent = new URL('preload', pathToFileURL(`${base}/`));
  const urls: string[] = [];
  for (const module of modules) {
    try {
      const url = resolve(module, parent);
      // Known from then on: a child that is to run something of it finds it at once.
      await importModule(url);
      urls.push(url);
    } catch (error) {
      if (onError === 'fail') throw new PreloadError(module, error);
      if (onError === 'warn') {
        const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
        process.emitWarning(`the forkserver cannot preload ${module}: ${reason}`, { code: 'ZYGOTE_PRELOAD' });
      }
    }
  }
  return urls;
}
