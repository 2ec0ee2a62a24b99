import { constants } from 'node:os';
import { type ExitStatus, ZygoteError } from '../errors.js';
import type { BindingEnded } from '../native/binding.js';

/** The form in which Node reports how a process ended. */
export function exitStatus({ code, signal }: BindingEnded): ExitStatus {
  return { exitCode: code ?? null, signalCode: signal === undefined ? null : signalName(signal) };
}

// Backwards, so that of two names for one number the first is taken: SIGABRT, not SIGIOT.
const names = new Map(
  Object.entries(constants.signals)
    .toReversed()
    .map(([name, number]) => [number, name as NodeJS.Signals]),
);

function signalName(number: number): NodeJS.Signals {
  // Real-time signals have no name in Node.
  return names.get(number) ?? (`SIG${number}` as NodeJS.Signals);
}

/** The number of a signal given by name or number. */
export function signalNumber(signal: NodeJS.Signals | number): number {
  if (typeof signal === 'number') return signal;
  const number = constants.signals[signal];
  if (number === undefined) throw new ZygoteError('ERR_ZYGOTE_INVALID_ARGUMENT', `unknown signal "${String(signal)}"`);
  return number;
}
