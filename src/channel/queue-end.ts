/**
 * One end of a pipe on Windows, whose own pipes take no messages of any length whole, and no memory along: a queue for each way that
 * processes share, and a tether by which each side learns that nobody has the other end any more.
 */
import { type BindingLimits, native, type SharedQueue, type Tether } from '../native/binding.js';
import { refusing } from '../sync/settle.js';
import type { Ways } from './connection.js';
import { Pump, type Pumping } from './pump.js';

/**
 * What one way takes before sending waits. The system promises the memory when the pipe is made, and takes it when it is first
 * used; a message must fit into it.
 */
const LIMITS: BindingLimits = { messages: 32, bytes: 64 * 2 ** 20, joinable: false };

/** Of one queue: memory and bell. */
const OF_QUEUE = 2;

/** What `send` gives. */
const Sent = { whole: 0, full: 1, gone: 3 } as const;

/** What it waits for on one way. */
class Side {
  readonly #pump: Pump;
  #wanted = false;
  #inside = false;

  constructor(begin: Pumping['begin'], ready: () => void) {
    const serve = (): boolean => {
      this.#inside = true;
      ready();
      this.#inside = false;
      return this.#wanted;
    };
    // Who is asked to look meets the error again.
    this.#pump = new Pump({ begin, serve, fail: ready });
  }

  want(wanted: boolean): void {
    this.#wanted = wanted;
    if (this.#inside) return;
    if (wanted) this.#pump.start();
    else this.#pump.stop();
  }
}

/** As the `ConnectionEnd` of the addon elsewhere. */
export class QueueEnd {
  readonly #tether: Tether;
  readonly #in: SharedQueue | undefined;
  readonly #out: SharedQueue | undefined;
  readonly #ready: () => void;
  readonly #receiving: Side;
  readonly #sending: Side;
  /** Bytes of the frame for which there was no room. */
  #waits = 0;
  /** The last frame, if it did not fit. */
  #large: Buffer | undefined;

  /** The descriptors of two ends; with `oneWay` the first can only receive, and the second only send. */
  static pair(oneWay: boolean): [number[], number[]] {
    const { SharedQueue: Queue, tetherPair } = native();
    const [first, second] = tetherPair();
    const forth = duplicated(new Queue(LIMITS));
    if (oneWay)
      return [
        [first, ...forth()],
        [second, ...forth()],
      ];
    const back = duplicated(new Queue(LIMITS));
    return [
      [first, ...forth(), ...back()],
      [second, ...back(), ...forth()],
    ];
  }

  /** Takes the descriptors over. */
  constructor([tether = 0, ...queues]: number[], { readable, writable }: Ways, ready: () => void) {
    const { SharedQueue: Queue, Tether: End } = native();
    this.#tether = new End(tether);
    const next = (): SharedQueue => new Queue(LIMITS, queues.splice(0, OF_QUEUE));
    this.#in = readable ? next() : undefined;
    this.#out = writable ? next() : undefined;
    this.#ready = ready;
    this.#receiving = new Side(() => (this.#in as SharedQueue).waitForMessage(), ready);
    this.#sending = new Side(() => (this.#out as SharedQueue).waitForRoom([this.#waits]), ready);
  }

  /** They stay its own. */
  get descriptors(): number[] {
    return [this.#tether.descriptor(), ...(this.#in?.descriptors() ?? []), ...(this.#out?.descriptors() ?? [])];
  }

  /** The last frame that was received, if it did not fit into the buffer. */
  get large(): Buffer | undefined {
    return this.#large;
  }

  send(bytes: Uint8Array, length: number): number {
    if (this.#tether.isAlone()) return Sent.gone;
    if (refusing(() => this.#out?.put(bytes, length))) return Sent.whole;
    this.#waits = length;
    return Sent.full;
  }

  /** The length of the frame; 0 if none is to come, -1 if there is none now. */
  receive(into: Buffer): number {
    const length = this.#take(into);
    if (length >= 0 || !this.#tether.isAlone()) return length;
    // What was sent last may have come in between.
    return Math.max(this.#take(into), 0);
  }

  #take(into: Buffer): number {
    this.#large = undefined;
    const taken = refusing(() => this.#in?.take(into)) ?? -1;
    if (typeof taken === 'number') return taken;
    this.#large = Buffer.from(taken[0] as ArrayBuffer);
    return this.#large.length;
  }

  /** Nothing comes beside the frames. */
  takeDescriptor(): number {
    return -1;
  }

  /** All is in the frames. */
  store(): number {
    return -1;
  }

  load(): ArrayBuffer[] {
    throw new RangeError('a message of a pipe on Windows is all in its frame');
  }

  isReceivable(): boolean {
    return (this.#in?.size() ?? 0) > 0 || this.#tether.isAlone();
  }

  /** 1: something can be received, 2: there is room to send, 3: both, 0: nothing. */
  watch(events: number): void {
    if (events !== 0) this.#tether.watch(this.#ready);
    this.#receiving.want((events & 1) !== 0);
    this.#sending.want((events & 2) !== 0);
  }

  close(): void {
    this.#receiving.want(false);
    this.#sending.want(false);
    this.#tether.close();
  }
}

/** Gives the queue's descriptors, each time others for the same. */
function duplicated(queue: SharedQueue): () => number[] {
  return () => queue.descriptors().map((descriptor) => native().duplicateDescriptor(descriptor));
}
