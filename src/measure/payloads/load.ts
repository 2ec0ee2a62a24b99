import type { PayloadSpec } from '../options.js';
import { builtIn } from './builtIn.js';
import { loadFile, loadModule } from './own.js';
import type { Payload } from './payload.js';

/** Makes or loads the data. */
export async function loadPayload(spec: PayloadSpec, scale: number): Promise<Payload> {
  const { name } = spec;
  switch (spec.kind) {
    case 'built-in':
      return { name, ...builtIn[spec.name](scale) };
    case 'file':
      return { name, ...(await loadFile(spec.path)) };
    case 'module':
      return { name, ...(await loadModule(spec.path, spec.export)) };
    case 'nothing':
      return { name, title: 'nothing: what starting a child costs by itself', data: null };
  }
  // Every kind is above; the compiler knows, the linter does not.
  return spec satisfies never;
}
