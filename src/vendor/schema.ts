/** What measurements are validated with: `.ci/bundle.mjs` puts it, and all that it needs, into one file of the package. */
export { Ajv2020 } from 'ajv/dist/2020.js';
export type { ErrorObject } from 'ajv';
