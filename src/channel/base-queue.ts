/** What all queues have in common. */
import { EOFError, TimeoutError, ZygoteError } from '../errors.js';
import { type BindingLimits, native, type SharedQueue, type SharedWait } from '../native/binding.js';
import { whenInherited } from '../process/inherited.js';
import type { WaitOptions } from '../process/waiting.js';
import { takeArrived } from '../sync/arrival.js';
import { refusing, type SyncWaitOptions } from '../sync/settle.js';
import { kept, lengthsOf, type Message, messageOf, Nothing, put, take } from './message.js';
import { Pump } from './pump.js';
import { assertNotAborted, Wait } from './wait.js';

interface Putter {
  wait: Wait<void>;
  message: Message;
}

/** Queues that calls of this process wait for: they live as long. */
const waiting = new Set<BaseQueue>();

whenInherited(() => {
  for (const queue of waiting) queue.abandon();
  waiting.clear();
});

/** @internal */
export class BaseQueue<T = unknown> {
  /** @internal */
  protected readonly shared: SharedQueue;
  #getters: Wait<unknown>[] = [];
  #putters: Putter[] = [];
  readonly #getting: Pump = new Pump({
    begin: () => this.shared.waitForMessage(),
    serve: () => this.#serveGetters(),
    fail: (error) => this.#failAll(this.#getters.splice(0), error),
  });
  readonly #putting: Pump = new Pump({
    begin: () => this.shared.waitForRoom(lengthsOf((this.#putters[0] as Putter).message)),
    serve: () => this.#servePutters(),
    fail: (error) => {
      const waits = this.#putters.splice(0).map(({ wait }) => wait);
      this.#failAll(waits, error);
    },
  });

  /** @internal */
  constructor(limits: BindingLimits) {
    const descriptors = takeArrived();
    this.shared = refusing(() => new (native().SharedQueue)(limits, descriptors));
  }

  /** Whether it was closed, by whichever process. */
  get closed(): boolean {
    return this.shared.isClosed();
  }

  /**
   * Puts a message at the end. It is serialized before this returns: what is changed afterwards is not in it. When this resolves, the
   * message is in memory that all processes share: it stays there when this process ends, and nothing has to be flushed.
   *
   * Waits while the queue is full. A message whose wait has ended by its timeout or signal is not put.
   *
   * @throws TransferError with the path to what cannot travel; TimeoutError; the signal's reason; ZygoteError `ERR_ZYGOTE_CLOSED` if
   * the queue is closed, `ERR_ZYGOTE_TOO_LARGE` if the message is larger than the queue, `ERR_ZYGOTE_SYSTEM` if there is no memory
   * for it. All by rejecting.
   */
  async put(value: T, options: WaitOptions = {}): Promise<void> {
    assertNotAborted(options);
    const message = messageOf(value);
    if (this.#putters.length === 0 && refusing(() => put(this.shared, message))) return;
    if (options.timeout === 0) throw new TimeoutError('the queue is full');
    const putter: Putter = {
      message: kept(message),
      wait: new Wait<void>(options, () => this.#removePutter(putter), 'putting a message into a queue that is full'),
    };
    this.#putters.push(putter);
    waiting.add(this);
    this.#putting.start();
    await putter.wait.promise;
  }

  /** As `put`, but blocks this thread while the queue is full: nothing else goes on in it. */
  putSync(value: T, { timeout }: SyncWaitOptions = {}): void {
    assertNotAborted({ timeout });
    const message = messageOf(value);
    const isPut = this.#block(
      () => put(this.shared, message) || undefined,
      () => this.shared.waitForRoom(lengthsOf(message)),
      timeout,
    );
    if (!isPut) throw new TimeoutError(`putting a message into a queue that is full took longer than ${timeout} ms`);
  }

  /**
   * Takes the first message, or waits for one. A message goes to one of those who wait, in whichever process.
   *
   * @throws EOFError if the queue is closed and empty; TransferError for a message that cannot be had in this process: it is taken
   * nevertheless; TimeoutError; the signal's reason. All by rejecting.
   */
  async get(options: WaitOptions = {}): Promise<T> {
    assertNotAborted(options);
    if (this.#getters.length === 0) {
      const taken = refusing(() => take(this.shared));
      if (typeof taken === 'function') return taken() as T;
      if (taken === Nothing.anyMore) throw ended();
    }
    if (options.timeout === 0) throw new TimeoutError('the queue is empty');
    const getter: Wait<unknown> = new Wait(options, () => this.#removeGetter(getter), 'getting a message from a queue');
    this.#getters.push(getter);
    waiting.add(this);
    this.#getting.start();
    return getter.promise as Promise<T>;
  }

  /**
   * As `get`, but blocks this thread: nothing else goes on in it.
   *
   * @throws what `get` rejects with; ZygoteError `ERR_ZYGOTE_NOT_IMPORTED` for a message with functions or instances of a module that
   * this process has not imported: it is taken nevertheless.
   */
  getSync({ timeout }: SyncWaitOptions = {}): T {
    assertNotAborted({ timeout });
    const taken = this.#block(
      () => {
        const found = take(this.shared);
        return found === Nothing.now ? undefined : found;
      },
      () => this.shared.waitForMessage(),
      timeout,
    );
    if (taken === undefined) throw new TimeoutError(`getting a message from a queue took longer than ${timeout} ms`);
    if (taken === Nothing.anyMore) throw ended();
    const value = taken();
    if (!(value instanceof Promise)) return value as T;
    value.catch(() => {});
    throw new ZygoteError(
      'ERR_ZYGOTE_NOT_IMPORTED',
      'the message refers to a module that this process has not imported: import it before getSync(), or use get()',
    );
  }

  /**
   * Closes the queue for all processes: nothing can be put into it any more. What is in it can be taken; then `get` rejects with an
   * EOFError, and iterations end. May be called again.
   *
   * That all of its producers are gone does not close a queue: each process that has it could put something.
   */
  close(): void {
    this.shared.close();
  }

  /** The messages, until the queue is closed and empty. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (;;) {
      let message;
      try {
        message = await this.get();
      } catch (error) {
        if (error instanceof EOFError) return;
        throw error;
      }
      yield message;
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** @internal In a forked child: who waits here is the parent's. */
  abandon(): void {
    this.#getting.abandon();
    this.#putting.abandon();
    for (const wait of this.#getters.splice(0)) wait.abandon();
    for (const { wait } of this.#putters.splice(0)) wait.abandon();
  }

  /** Whether somebody still waits. */
  #serveGetters(): boolean {
    while (this.#getters.length > 0) {
      const taken = refusing(() => take(this.shared));
      if (taken === Nothing.now) return true;
      const getter = this.#getters.shift() as Wait<unknown>;
      try {
        if (taken === Nothing.anyMore) getter.reject(ended());
        else getter.resolve(taken());
      } catch (error) {
        getter.reject(error);
      }
    }
    this.#rest();
    return false;
  }

  /** Whether somebody still waits. */
  #servePutters(): boolean {
    for (let putter = this.#putters[0]; putter; putter = this.#putters[0]) {
      const { wait, message } = putter;
      try {
        if (!refusing(() => put(this.shared, message))) return true;
        wait.resolve();
      } catch (error) {
        wait.reject(error);
      }
      this.#putters.shift();
    }
    this.#rest();
    return false;
  }

  #removeGetter(getter: Wait<unknown>): void {
    this.#getters = this.#getters.filter((other) => other !== getter);
    if (this.#getters.length === 0) this.#getting.stop();
    this.#rest();
  }

  #removePutter(putter: Putter): void {
    const wasFirst = this.#putters[0] === putter;
    this.#putters = this.#putters.filter((other) => other !== putter);
    // The next one needs other room.
    if (wasFirst) this.#putting.stop();
    if (this.#putters.length > 0) this.#putting.start();
    this.#rest();
  }

  #failAll(waits: readonly Pick<Wait<unknown>, 'reject'>[], error: unknown): void {
    for (const wait of waits) wait.reject(error);
    this.#rest();
  }

  #rest(): void {
    if (this.#getters.length === 0 && this.#putters.length === 0) waiting.delete(this);
  }

  /** What `act` gives, once it gives something; undefined after the timeout. */
  #block<R>(act: () => R | undefined, begin: () => SharedWait, timeout: number | undefined): R | undefined {
    const deadline = timeout === undefined ? undefined : performance.now() + timeout;
    return refusing(() => {
      for (;;) {
        const result = act();
        if (result !== undefined) return result;
        const left = deadline === undefined ? undefined : Math.max(deadline - performance.now(), 0);
        if (begin().block(left) === null) return act();
      }
    });
  }
}

function ended(): EOFError {
  return new EOFError('the queue is closed, and nothing is left in it');
}
