/** In the process that measures: the data, and the contestants that hand it on. */
import { ZygoteError } from '../../errors.js';
import type { Extent } from '../child/steps.js';
import { unavailable } from '../contestants/available.js';
import { contestants, type Contestant, type Fitness } from '../contestants/index.js';
import { clonedSize } from '../contestants/sizes.js';
import type { ContestantName, MemorySample } from '../measurement.js';
import type { Payload } from '../payloads/payload.js';
import { now } from '../system/clock.js';
import { settleHeap, untilQuiet } from '../system/gc.js';
import { sampleMemory } from '../system/memory.js';
import { readAll } from '../values/checksum.js';
import { inspectData, type Inspection } from '../values/inspect.js';
import type { Ready, TogetherOutcome } from './protocol.js';
import { takeTogether, takeTurn, type Outcome } from './turn.js';

export class Bench {
  readonly #payload: Payload;
  /** To warm up. */
  readonly #nothing: Payload;
  readonly #contestants: Map<ContestantName, Contestant>;
  readonly #timeout: number;
  #checksum = '';
  /** The process before it had any child. */
  #pristine: MemorySample | undefined;

  constructor(payload: Payload, names: readonly ContestantName[], timeout: number) {
    this.#payload = payload;
    this.#nothing = { ...payload, data: null };
    this.#contestants = new Map(contestants(names).map((contestant) => [contestant.name, contestant]));
    this.#timeout = timeout;
  }

  /** `sized`: how large the data is when it is serialized is wanted too. */
  async prepare(sized: boolean): Promise<Ready> {
    const { title, data, name } = this.#payload;
    const inspection = inspectData(data);
    if (inspection.notMeasurable !== undefined) {
      throw new ZygoteError('ERR_ZYGOTE_MEASURE_DATA', `${name}: ${inspection.notMeasurable}`);
    }
    const { checksum, values } = readAll(data);
    this.#checksum = checksum;
    const fitness: Ready['fitness'] = {};
    const preparation: Ready['preparation'] = {};
    for (const contestant of this.#contestants.values()) {
      const from = now();
      fitness[contestant.name] = await this.#fitnessOf(contestant, inspection);
      if (contestant.prepare) preparation[contestant.name] = now() - from;
    }
    const size: Fitness | undefined = sized ? clonedSize(data) : undefined;
    if ([...this.#contestants.values()].every(({ isElsewhere }) => isElsewhere)) this.#payload.data = null;
    settleHeap();
    await untilQuiet();
    const { heapUsed, external } = process.memoryUsage();
    const memory = sampleMemory();
    this.#pristine = memory;
    const bytes = size && 'wireBytes' in size ? size.wireBytes : undefined;
    return { kind: 'ready', title, bytes, values, checksum, memory, heapUsed, external, fitness, preparation };
  }

  async #fitnessOf(contestant: Contestant, inspection: Inspection): Promise<Fitness> {
    const obstacle = unavailable(contestant.name);
    if (obstacle !== undefined) return { obstacle };
    const fitness = contestant.check(this.#payload, inspection);
    if ('obstacle' in fitness) return fitness;
    try {
      await contestant.prepare?.(this.#payload);
      return fitness;
    } catch (error) {
      return { failure: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Without data, so that code is compiled, files are read, and servers have run. */
  async warmUp(name: ContestantName): Promise<void> {
    await this.#take(name, this.#nothing, 'read');
  }

  async turn(name: ContestantName, extent: Extent): Promise<Outcome> {
    const outcome = await this.#take(name, this.#payload, extent);
    this.#verify(`the child of '${name}'`, outcome.report.checksum);
    return outcome;
  }

  async #take(name: ContestantName, payload: Payload, extent: Extent): Promise<Outcome> {
    // Every turn begins with the same process.
    const from = now();
    settleHeap();
    const settle = now() - from;
    await untilQuiet();
    const options = { timeout: this.#timeout, extent };
    const pristine = this.#pristine as MemorySample;
    return { ...(await takeTurn(this.#contestants.get(name) as Contestant, payload, pristine, options)), settle };
  }

  async together(name: ContestantName, children: number): Promise<TogetherOutcome> {
    settleHeap();
    await untilQuiet();
    const contestant = this.#contestants.get(name) as Contestant;
    const before = sampleMemory();
    return takeTogether(contestant, this.#payload, children, this.#timeout, ({ usable, children: started }) => {
      const others = contestant.isThread ? [] : started.map(({ pid }) => sampleMemory(pid));
      const sum = (pick: (sample: MemorySample) => number): number =>
        [sampleMemory(), ...others].reduce((total, sample) => total + pick(sample), 0) - pick(before);
      return {
        usable,
        rss: sum(({ rss }) => rss),
        pss: sum(({ pss }) => pss),
        privateDirty: sum(({ privateDirty }) => privateDirty),
      };
    });
  }

  /** What children wrote must not have reached the parent. */
  end(): void {
    if (this.#payload.data === null) return;
    this.#verify('the parent, after all rounds,', readAll(this.#payload.data).checksum);
  }

  #verify(who: string, found: string | undefined): void {
    // Python's children have other data, and were verified against it.
    if (found === undefined || found === this.#checksum) return;
    const figures = `checksum ${found}, expected ${this.#checksum}`;
    const message = `${this.#payload.name}: ${who} has read other data: ${figures}. The figures mean nothing`;
    throw new ZygoteError('ERR_ZYGOTE_MEASURE_MISMATCH', message);
  }
}
