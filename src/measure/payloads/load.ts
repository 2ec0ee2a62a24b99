import type { PayloadSpec } from '../options.js';
import { builtIn } from './builtIn.js';
import { loadFile, loadModule } from './own.js';
import type { Payload } from './payload.js';

/** Makes or loads the data. */
export async function loadPayload(spec: PayloadSpec, scale: number): Promise<Payload> {
  const from = { name: spec.name, spec, scale };
  switch (spec.kind) {
    case 'built-in':
      return { ...from, ...builtIn[spec.name](scale, spec.size) };
    case 'file':
      return { ...from, ...(await loadFile(spec.path)) };
    case 'module':
      return { ...from, ...(await loadModule(spec.path, spec.export)) };
    case 'nothing':
      return { ...from, title: 'nothing: what starting a child costs by itself', data: null };
  }
  // Every kind is above; the compiler knows, the linter does not.
  return spec satisfies never;
}
