/** Of this package. `.ci/bundle.mjs` puts in what package.json says, so that no process has to read it. */
export const VERSION: string = '';
