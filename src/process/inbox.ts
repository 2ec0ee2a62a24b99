/** Values out of messages, in the order of the messages, though some must wait for a module to be imported. */
import type { Body } from './channel.js';
import { pickling } from './pickling.js';
import { readSimple } from './simple.js';

export class Inbox {
  #last: Promise<void> | undefined;

  /** Calls one of the two, at once where that is possible. What they throw is thrown on. */
  take(body: Body, onValue: (value: unknown) => void, onError: (error: unknown) => void): void {
    if (this.#last) {
      this.#later(
        this.#last.then(() => valueOf(body)),
        onValue,
        onError,
      );
      return;
    }
    let value;
    try {
      value = valueOf(body);
    } catch (error) {
      onError(error);
      return;
    }
    if (isPromise(value)) this.#later(value, onValue, onError);
    else onValue(value);
  }

  /** Waits until all that was taken has been handed on. */
  async idle(): Promise<void> {
    while (this.#last) await this.#last;
  }

  #later(value: Promise<unknown>, onValue: (value: unknown) => void, onError: (error: unknown) => void): void {
    const handed = value.then(onceUncaught(onValue), onceUncaught(onError)).then(() => {
      if (this.#last === handed) this.#last = undefined;
    });
    this.#last = handed;
  }
}

function valueOf(body: Body): unknown {
  if (body instanceof Error) throw body;
  const simple = readSimple(body);
  if (simple) return simple[0];
  const message = { segments: body, descriptors: [] };
  const loaded = pickling();
  return loaded instanceof Promise ? loaded.then(({ unpickle }) => unpickle(message)) : loaded.unpickle(message);
}

/** Only `unpickle` itself gives promises: a value cannot be one, as none can be transferred. */
function isPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise;
}

/** A listener's error is uncaught, as from any event, and does not hold up the messages behind it. */
function onceUncaught(listener: (value: unknown) => void): (value: unknown) => void {
  return (value) => {
    try {
      listener(value);
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
    }
  };
}
