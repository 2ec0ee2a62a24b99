import type { PayloadSpec } from '../options.js';
import { builtIn } from './builtIn.js';
import { loadFile, loadModule } from './own.js';
import type { Payload } from './payload.js';

/** Makes or loads the data. */
export async function loadPayload(spec: PayloadSpec, scale: number): Promise<Payload> {
  return { name: spec.name, ...(await load(spec, scale)) };
}

function load(spec: PayloadSpec, scale: number): Promise<Omit<Payload, 'name'>> | Omit<Payload, 'name'> {
  switch (spec.kind) {
    case 'built-in':
      return builtIn[spec.name](scale);
    case 'file':
      return loadFile(spec.path);
    case 'module':
      return loadModule(spec.path, spec.export);
    case 'nothing':
      return { title: 'nothing: what starting a child costs by itself', data: null };
  }
}
