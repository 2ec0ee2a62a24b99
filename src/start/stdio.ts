/** Standard streams of a child, as users give them. */
import { closeSync, openSync } from 'node:fs';
import type { Stream } from 'node:stream';
import { ZygoteError } from '../errors.js';
import { native } from '../native/binding.js';
import { descriptorsOf } from '../process/inherit.js';
import { socketOf } from '../process/link.js';
import type { Streams } from './starter.js';

/** One standard stream. */
export type StdioOption = 'inherit' | 'ignore' | 'pipe' | number | Stream;

/** All three alike, or each on its own. */
export type Stdio = StdioOption | [stdin?: StdioOption, stdout?: StdioOption, stderr?: StdioOption];

/** A descriptor, or what is to be made. */
export type Standard = 'inherit' | 'ignore' | 'pipe' | number;

const DEFAULT: Standard[] = ['ignore', 'inherit', 'inherit'];

/** @throws ZygoteError `ERR_ZYGOTE_INVALID_ARGUMENT`, `ERR_ZYGOTE_NOT_INHERITABLE` */
export function standardStreams(stdio: Stdio | undefined): Standard[] {
  if (stdio === undefined) return DEFAULT;
  const three = Array.isArray(stdio) ? stdio : [stdio, stdio, stdio];
  if (three.length > 3) throw invalid('stdio has three places: [stdin, stdout, stderr]');
  return DEFAULT.map((otherwise, standard) => standardOf(three[standard], otherwise));
}

function standardOf(option: StdioOption | undefined, otherwise: Standard): Standard {
  if (option === undefined) return otherwise;
  if (option === 'inherit' || option === 'ignore' || option === 'pipe') return option;
  if (typeof option === 'string') {
    throw invalid(`stdio takes "inherit", "ignore", "pipe", a descriptor or a stream, not "${String(option)}"`);
  }
  return descriptorsOf([option])[0] as number;
}

/** Standard streams for a child that is forked: the descriptors to put in their place there, and this process's ends. */
export interface ForkedStdio {
  /** For 0, 1 and 2; undefined leaves it as it is. */
  childs: (number | undefined)[];
  /** Of this process; made at the first call. */
  streams(): Streams;
  /** Closes what was made for the child, in the parent. */
  closeChilds(): void;
  /** And what was made for the parent: there is no child. */
  closeAll(): void;
}

export function forkedStdio(standards: readonly Standard[]): ForkedStdio {
  const made: number[] = [];
  const own: (number | undefined)[] = [undefined, undefined, undefined];
  const close = (descriptors: (number | undefined)[]) => {
    for (const descriptor of descriptors.splice(0)) if (descriptor !== undefined) closeSync(descriptor);
  };
  const childs: (number | undefined)[] = [];
  try {
    for (const [at, standard] of standards.entries()) childs.push(descriptorFor(standard, at));
  } catch (error) {
    close(made);
    close(own);
    throw error;
  }
  const stream = (at: number) => {
    const fd = own[at];
    return fd === undefined ? null : socketOf(fd);
  };
  return {
    childs,
    streams: () => ({ stdin: stream(0), stdout: stream(1), stderr: stream(2) }),
    closeChilds: () => close(made),
    closeAll: () => {
      close(made);
      close(own);
    },
  };

  function descriptorFor(standard: Standard, at: number): number | undefined {
    if (standard === 'inherit') return undefined;
    if (typeof standard === 'number') return standard;
    let fd;
    if (standard === 'ignore') fd = openSync('/dev/null', at === 0 ? 'r' : 'w');
    else [own[at], fd] = native().socketPair();
    made.push(fd);
    return fd;
  }
}

function invalid(message: string): ZygoteError {
  return new ZygoteError('ERR_ZYGOTE_INVALID_ARGUMENT', message);
}
