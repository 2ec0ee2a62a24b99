/** From the things that a child is to keep to their descriptors. */
import { fstatSync } from 'node:fs';
import { ZygoteError } from '../errors.js';

/**
 * Descriptors of sockets, servers, streams and other objects that have one; a number is taken as it is.
 *
 * @throws ZygoteError `ERR_ZYGOTE_NOT_INHERITABLE` for a thing without a descriptor, such as a server that does not listen
 * yet.
 */
export function descriptorsOf(
  things: readonly unknown[],
  nameOf = (index: number): string => `inherit[${index}]`,
): number[] {
  return things.map((thing, index) => {
    const fd = descriptorOf(thing);
    if (fd !== undefined && isOpen(fd)) return fd;
    const what = typeof thing === 'object' ? thing?.constructor?.name : undefined;
    throw new ZygoteError(
      'ERR_ZYGOTE_NOT_INHERITABLE',
      `${nameOf(index)} (${what ?? String(thing)}) has no open descriptor: pass a listening server, a connected socket, a stream with ` +
        'an fd, or the number of a descriptor',
    );
  });
}

interface Holder {
  fd?: unknown;
  _handle?: { fd?: unknown } | null;
  _parent?: unknown;
}

function descriptorOf(thing: unknown): number | undefined {
  if (isDescriptor(thing)) return thing;
  if (typeof thing !== 'object' || thing === null) return undefined;
  const { fd, _handle } = thing as Holder;
  if (isDescriptor(_handle?.fd)) return _handle.fd;
  if (isDescriptor(fd)) return fd;
  return descriptorOfDatagram(thing);
}

/** A `dgram.Socket` keeps its handle behind a symbol. */
export function descriptorOfDatagram(thing: object): number | undefined {
  const state = Object.getOwnPropertySymbols(thing).find(({ description }) => description === 'state symbol');
  const held = state && (thing as Record<symbol, { handle?: { fd?: unknown } } | undefined>)[state];
  const fd = held?.handle?.fd;
  return isDescriptor(fd) ? fd : undefined;
}

export function isOpen(fd: number): boolean {
  try {
    fstatSync(fd);
    return true;
  } catch {
    return false;
  }
}

function isDescriptor(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}
