import { collector } from '../system/gc.js';
import { sampleMemory } from '../system/memory.js';
import type { Tools } from './steps.js';

/** For a child that has not inherited them. */
export function toolsOfChild(): Tools {
  return { collectGarbage: collector(), sampleMemory };
}
