/**
 * The programs of this package: files that a process or a Worker begins with. `.ci/bundle.mjs` has the list.
 *
 * @param name the module's path in `src`.
 */
export function programUrl(name: string): URL {
  // This module is one folder deep, wherever it is bundled.
  return new URL(`../${name}.js`, import.meta.url);
}

/** A file of this package, by its path in there. */
export function packageUrl(path: string): URL {
  return new URL(`../../${path}`, import.meta.url);
}
