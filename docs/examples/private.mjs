// And an instance with private fields?
import { isMainProcess, Process, registerReducer } from 'zygote';
import { show } from './modules/show.mjs';

export class Pin {
  #digits = '1234';
  toString() {
    return this.#digits;
  }
}

export class Money {
  #cents;
  constructor(cents) {
    this.#cents = cents;
  }
  toString() {
    return `${(this.#cents / 100).toFixed(2)} EUR`;
  }
  static {
    registerReducer(Money, { reduce: (money) => money.#cents, rebuild: (cents) => new Money(cents) });
  }
}

export function print(value) {
  return value.toString();
}

if (isMainProcess) {
  const method = process.argv[2];
  await show('without a reducer', new Process({ method, target: print, args: [new Pin()] }));
  await show('with a reducer', new Process({ method, target: print, args: [new Money(1999)] }));
}
