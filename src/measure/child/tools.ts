import { collectGarbage } from '../system/gc.js';
import { sampleMemory } from '../system/memory.js';
import type { Tools } from './steps.js';

/** The same for every child; a fork inherits them. */
export const tools: Tools = { collectGarbage, sampleMemory: () => sampleMemory() };
