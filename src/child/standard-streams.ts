/** The standard streams of a clone, where they are not its parent's. */
import { closeSync, fstatSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { Writable } from 'node:stream';
import { isatty, WriteStream } from 'node:tty';
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
  const stream = isatty(fd) ? new WriteStream(fd) : isFile(fd) ? fileStream(fd) : pipeStream(fd);
  return Object.assign(stream, { fd, _isStdio: true });
}

function isFile(fd: number): boolean {
  const status = fstatSync(fd);
  return !status.isFIFO() && !status.isSocket();
}

function pipeStream(fd: number): Writable {
  return new Socket({ fd, readable: false, writable: true });
}

function fileStream(fd: number): Writable {
  return new Writable({
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
