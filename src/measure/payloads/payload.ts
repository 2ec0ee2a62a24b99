import type { PayloadSpec } from '../options.js';

/** Data that is about to be handed to children. */
export interface Payload {
  name: string;
  /** How another process makes the same. */
  spec: PayloadSpec;
  scale: number;
  /** For people: `1,000,000 records {id, name, score}`. */
  title: string;
  data: unknown;
}

/** 1234567 as 1,234,567. */
export function count(number: number): string {
  return number.toLocaleString('en-US');
}
