/** Pools that are kept by a name, for parts of a program that do not know of each other. */
import { isDeepStrictEqual } from 'node:util';
import { ZygoteError } from '../errors.js';
import type { PoolOptions } from './options.js';
import { Pool } from './pool.js';

interface Entry {
  pool: HeldPool;
  options: PoolOptions;
  /** In a clone of the process the pool is of no use. */
  owner: number;
}

const held = new Map<string, Entry>();

/** A pool that `getPool` gives to all who ask for its name. */
export class HeldPool extends Pool {
  /** Closes it and waits until all that it has is done and its workers have ended. Whoever asks for the name after the call gets a new one. */
  async clear(): Promise<void> {
    if (held.get(this.name)?.pool === this) held.delete(this.name);
    this.close();
    await this.join();
  }
}

/**
 * The live pool of that name; made, with these options, where there is none, or where it was closed. Without options, whatever those
 * are that it was made with.
 *
 * @throws ZygoteError `ERR_ZYGOTE_POOL_CONFLICT` if it was made with other options; what `new Pool` throws.
 */
export function getPool(name: string, options?: Omit<PoolOptions, 'name'>): HeldPool {
  const entry = held.get(name);
  if (entry && entry.owner === process.pid && !entry.pool.isClosed) {
    if (options) assertSame(name, entry.options, options);
    return entry.pool;
  }
  const pool = new HeldPool({ ...options, name });
  held.set(name, { pool, options: { ...options }, owner: process.pid });
  return pool;
}

/** Ends all held pools, as their `clear` does. */
export async function clearPools(): Promise<void> {
  const own = [...held.values()].filter(({ owner }) => owner === process.pid);
  await Promise.all(own.map(({ pool }) => pool.clear()));
}

function assertSame(name: string, made: PoolOptions, asked: PoolOptions): void {
  const names = new Set([...Object.keys(made), ...Object.keys(asked)]) as Set<keyof PoolOptions>;
  const different = [...names].filter((option) => !isDeepStrictEqual(made[option], asked[option]));
  if (different.length === 0) return;
  throw new ZygoteError(
    'ERR_ZYGOTE_POOL_CONFLICT',
    `the pool ${name} was made with another value of ${different.join(', ')}: ask for it without options, clear() it before, or take ` +
      'another name',
  );
}
