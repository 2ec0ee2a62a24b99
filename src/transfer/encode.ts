/**
 * Writes a value that is more than plain data. First comes what has to be known before the rest can be read; then, each on
 * its own, the states that reducers have given, in the order in which their instances can be rebuilt; then the value. Each
 * of these parts is followed by what belongs to it: the parts of errors in it, and the classes of instances in it.
 */
import { Copies } from './copies.js';
import type { Reference } from './define.js';
import type { ErrorParts } from './error-parts.js';
import { PreludeBuilder } from './prelude.js';
import { nameOf, Refusal } from './problem.js';
import { type Group, Reach } from './reach.js';
import type { Classed, Scan, Special } from './scan.js';
import { type Placeholder, Writer } from './wire.js';

/** Instances of one class, and their properties that structured clone leaves out. */
export type ClassedRecord = [Class: number, instances: object[], extras: unknown[] | undefined];

/** The bytes, large buffers as segments of their own, and the descriptors of handles. `tag` is the first byte. */
export function encode(value: unknown, scan: Scan, tag: number): { segments: Uint8Array[]; descriptors: number[] } {
  const copies = new Copies(scan);
  const root = copies.encode(value);
  const { states, errorParts } = encodeSpecials(scan, copies);
  const builder = new PreludeBuilder();
  const large = scan.regions?.settle(1) ?? [];
  const specials = [...scan.specials.values()];
  let part = 0;
  /** Errors that have been written as placeholders only. */
  const open: number[] = [];
  const meet = ({ index }: Placeholder): void => {
    const special = specials[index];
    if (special?.is === 'error') open.push(index);
    if (special && 'order' in special && special.order >= part) throw cycle(special);
  };

  const writer = new Writer((view) => scan.regions?.placeOf(view), meet);
  writer.writeRawBytes(Uint8Array.of(tag));
  writer.writeHeader();
  writer.writeValue(builder.build(scan));
  let id = 0;
  for (const [buffer] of scan.regions?.buffers() ?? []) writer.transferArrayBuffer(id++, buffer);
  const writeErrors = (): void => {
    while (open.length > 0) writer.writeValue(open.splice(0).map((index) => errorParts[index]));
  };
  const writePart = (written: unknown, group: () => Group): void => {
    writer.writeValue(written);
    writeErrors();
    if (scan.classed.size === 0) return;
    writer.writeValue(Array.from(group(), ([{ Class, extras }, instances]) => record(Class, extras, instances)));
    writeErrors();
  };
  const record = (Class: Reference, extras: Classed['extras'], instances: object[]): ClassedRecord => [
    builder.refer(Class),
    copies.written(instances),
    extras.size > 0 ? instances.map((instance) => copies.encode(extras.get(instance))) : undefined,
  ];
  const reach = new Reach(scan, copies, ({ index }) => errorParts[index]);
  for (const state of states) {
    writePart([state], () => reach.from(state));
    part++;
  }
  writePart(root, () => reach.rest());
  return { segments: [writer.releaseBuffer(), ...large], descriptors: builder.descriptors };
}

interface Encoded {
  /** Of the objects that have been reduced to them, in the order in which these were complete. */
  states: unknown[];
  /** By the numbers of the errors. */
  errorParts: ErrorParts[];
}

function encodeSpecials(scan: Scan, copies: Copies): Encoded {
  const encoded: Encoded = { states: [], errorParts: [] };
  // These grow meanwhile if a getter gives something that was not there before.
  for (const special of scan.specials.values()) {
    if ('order' in special) encoded.states[special.order] = copies.encode(special.state);
    if (special.is === 'error') encoded.errorParts[special.index] = copies.encode(special.parts) as ErrorParts;
  }
  for (const { extras } of scan.classed.values()) for (const extra of extras.values()) copies.encode(extra);
  return encoded;
}

function cycle({ instance }: Extract<Special, { order: number }>): Refusal {
  const name = nameOf(instance);
  return new Refusal(
    instance,
    `what the reducer of ${name} gives contains the instance itself: leave it out, and put it back in rebuild()`,
  );
}
