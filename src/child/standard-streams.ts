/**
 * The standard streams of a clone, where they are not its parent's. Node's modules for them are not imported: that takes
 * milliseconds, and most children write nothing.
 */
import { closeSync, fstatSync, writeSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { native } from '../native/binding.js';

/** Puts other descriptors in the place of the standard streams: the numbers are for 0, 1 and 2, in this order. */
export function replaceStandardStreams(descriptors: readonly (number | undefined)[]): void {
  descriptors.forEach((descriptor, standard) => {
    if (descriptor !== undefined) native().replaceDescriptor(descriptor, standard);
  });
  for (const descriptor of new Set(descriptors)) if (descriptor !== undefined && descriptor > 2) closeSync(descriptor);
  if (descriptors[1] !== undefined) renewStream('stdout', 1);
  if (descriptors[2] !== undefined) renewStream('stderr', 2);
}

/** A stream that was opened before is made for what the descriptor was then. */
function renewStream(name: 'stdout' | 'stderr', fd: number): void {
  const enumerable = Object.getOwnPropertyDescriptor(process, name)?.enumerable ?? true;
  let stream: Writable | undefined;
  Object.defineProperty(process, name, { configurable: true, enumerable, get: () => (stream ??= open(fd)) });
  // The console keeps the stream that it has used; without one it takes the one of now.
  Object.assign(console, { [`_${name}`]: undefined });
}

/** The kinds of streams that Node has for them. */
function open(fd: number): Writable {
  return Object.assign(streamOf(fd), { fd, _isStdio: true });
}

function streamOf(fd: number): Writable {
  const { isatty, WriteStream } = process.getBuiltinModule('node:tty');
  if (isatty(fd)) return new WriteStream(fd);
  let status;
  try {
    status = fstatSync(fd);
  } catch {
    // It was closed.
    return nowhere();
  }
  return status.isFIFO() || status.isSocket() ? pipeStream(fd) : fileStream(fd);
}

function nowhere(): Writable {
  const { Writable: Stream } = process.getBuiltinModule('node:stream');
  return new Stream({ write: (_chunk, _encoding, done) => done() });
}

function pipeStream(fd: number): Writable {
  const { Socket } = process.getBuiltinModule('node:net');
  return new Socket({ fd, readable: false, writable: true });
}

function fileStream(fd: number): Writable {
  const { Writable: Stream } = process.getBuiltinModule('node:stream');
  return new Stream({
    decodeStrings: true,
    write(chunk: Buffer, _encoding, done) {
      try {
        for (let at = 0; at < chunk.length;) at += writeSync(fd, chunk, at);
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  });
}
