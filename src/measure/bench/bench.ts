/** In the process that measures: the data, and the contestants that hand it on. */
import { ZygoteError } from '../../errors.js';
import { contestants, type Contestant } from '../contestants/index.js';
import type { ContestantName, MemorySample } from '../measurement.js';
import type { Payload } from '../payloads/payload.js';
import { now } from '../system/clock.js';
import { settleHeap, untilQuiet } from '../system/gc.js';
import { sampleMemory } from '../system/memory.js';
import { readAll } from '../values/checksum.js';
import { inspectData } from '../values/inspect.js';
import type { Ready } from './protocol.js';
import { takeTurn, type Outcome } from './turn.js';

export class Bench {
  readonly #payload: Payload;
  readonly #contestants: Map<ContestantName, Contestant>;
  readonly #timeout: number;
  #checksum = '';
  /** The process before it had any child. */
  #pristine: MemorySample | undefined;

  constructor(payload: Payload, names: readonly ContestantName[], timeout: number) {
    this.#payload = payload;
    this.#contestants = new Map(contestants(names).map((contestant) => [contestant.name, contestant]));
    this.#timeout = timeout;
  }

  async prepare(): Promise<Ready> {
    const { title, data, name } = this.#payload;
    const inspection = inspectData(data);
    if (inspection.notMeasurable !== undefined) {
      throw new ZygoteError('ERR_ZYGOTE_MEASURE_DATA', `${name}: ${inspection.notMeasurable}`);
    }
    const { checksum, values } = readAll(data);
    this.#checksum = checksum;
    const fitness: Ready['fitness'] = {};
    for (const contestant of this.#contestants.values()) {
      fitness[contestant.name] = contestant.check(this.#payload, inspection);
    }
    settleHeap();
    await untilQuiet();
    const { heapUsed, external } = process.memoryUsage();
    this.#pristine = sampleMemory();
    return { kind: 'ready', title, values, checksum, memory: this.#pristine, heapUsed, external, fitness };
  }

  async turn(name: ContestantName): Promise<Outcome> {
    // Every turn begins with the same process.
    const from = now();
    settleHeap();
    const settle = now() - from;
    await untilQuiet();
    const contestant = this.#contestants.get(name) as Contestant;
    const outcome = await takeTurn(contestant, this.#payload, this.#pristine as MemorySample, this.#timeout);
    this.#verify(`the child of '${name}'`, outcome.report.checksum);
    return { ...outcome, settle };
  }

  /** What children wrote must not have reached the parent. */
  end(): void {
    this.#verify('the parent, after all rounds,', readAll(this.#payload.data).checksum);
  }

  #verify(who: string, found: string): void {
    if (found === this.#checksum) return;
    const figures = `checksum ${found}, expected ${this.#checksum}`;
    const message = `${this.#payload.name}: ${who} has read other data: ${figures}. The figures mean nothing`;
    throw new ZygoteError('ERR_ZYGOTE_MEASURE_MISMATCH', message);
  }
}
