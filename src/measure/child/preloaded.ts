/** A forkserver has this module preloaded: the data is made here, once, and every child has it. */
import type { PayloadSpec } from '../options.js';
import { loadPayload } from '../payloads/load.js';
import { settleHeap } from '../system/gc.js';
import { readAll } from '../values/checksum.js';
import { receiveArgument } from './target.js';
import type { Extent } from './steps.js';

/** The variable that says which data. */
export const VARIABLE = 'ZYGOTE_MEASURE_PAYLOAD';

const { data } = await load();

export function useInherited(extent: Extent): Promise<never> {
  return receiveArgument(data, extent);
}

async function load(): Promise<{ data: unknown }> {
  const task = process.env[VARIABLE];
  if (task === undefined) return { data: undefined };
  const { spec, scale } = JSON.parse(task) as { spec: PayloadSpec; scale: number };
  const payload = await loadPayload(spec, scale);
  // As in a parent that is to be forked: what reads it is compiled, what is free was given back.
  readAll(payload.data);
  settleHeap();
  return payload;
}
