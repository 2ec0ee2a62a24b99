/** How large queues are. */
import { ZygoteError } from '../errors.js';
import type { BindingLimits } from '../native/binding.js';

export interface QueueOptions {
  /** Most messages in the queue. By default any number. */
  maxSize?: number | undefined;
  /**
   * Bytes that the messages in the queue take at most, rounded up to 64 KiB; each takes up to 32 more than it has when it is
   * serialized. Memory is taken for what is in the queue only. Default 1 GiB, on Windows 64 MiB.
   */
  maxBytes?: number | undefined;
}

export const DEFAULT_BYTES: number = process.platform === 'win32' ? 64 * 2 ** 20 : 2 ** 30;

/** @throws ZygoteError `ERR_ZYGOTE_INVALID_ARGUMENT` */
export function limitsOf({ maxSize, maxBytes = DEFAULT_BYTES }: QueueOptions, joinable: boolean): BindingLimits {
  for (const [name, value] of Object.entries({ maxSize, maxBytes })) {
    if (value === undefined || (Number.isSafeInteger(value) && value > 0)) continue;
    throw new ZygoteError('ERR_ZYGOTE_INVALID_ARGUMENT', `${name} must be a positive integer, not ${String(value)}`);
  }
  return { messages: maxSize ?? 0, bytes: maxBytes, joinable };
}
