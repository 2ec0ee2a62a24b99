/** Whether this system can start a child in some way. */
import { getAllStartMethods, type StartMethod } from '../../start/method.js';
import { obstacle } from '../../start/strategy.js';
import { WAYS, type ContestantName } from '../ways.js';

/** Why not; undefined if it can. */
export function unavailable(name: ContestantName): string | undefined {
  const { family, start } = WAYS[name];
  if (family !== 'zygote') return undefined;
  if (!getAllStartMethods().includes(start as StartMethod)) return 'Windows has no fork';
  if (start !== 'fork') return undefined;
  // One of the two ways to fork is enough.
  const reason = obstacle('all-threads');
  return reason !== undefined && obstacle('single-threaded') !== undefined ? reason : undefined;
}
