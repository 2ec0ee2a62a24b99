/** Standard streams of a child, as users give them. */
import { closeSync, openSync } from 'node:fs';
import type { Socket } from 'node:net';
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
  return DEFAULT.map((otherwise, at) => standardOf(three[at], otherwise, at));
}

function standardOf(option: StdioOption | undefined, otherwise: Standard, at: number): Standard {
  if (option === undefined) return otherwise;
  if (option === 'inherit' || option === 'ignore' || option === 'pipe') return option;
  if (typeof option === 'string') {
    throw invalid(`stdio takes "inherit", "ignore", "pipe", a descriptor or a stream, not "${String(option)}"`);
  }
  return descriptorsOf([option], () => `stdio[${at}]`)[0] as number;
}

/** What a child that is forked talks by: its channel and its standard streams, at both ends. */
export interface ForkedStreams {
  /** The child's end of the channel. */
  channel: number;
  /** The child's 0, 1 and 2; undefined leaves it as it is. */
  standard: (number | undefined)[];
  /** All of the child's that have a number. */
  descriptors: number[];
  /** This process's end of the channel. */
  takeChannel(): Socket;
  /** This process's ends of the streams that are pipes. */
  takeStreams(): Streams;
  /** Closes what was made for the child, in the parent. */
  closeChilds(): void;
  /** And what this process has not taken: there is no child. */
  closeAll(): void;
}

/** @throws ZygoteError `ERR_ZYGOTE_SYSTEM`, such as EMFILE; nothing stays open then. */
export function forkedStreams(standards: readonly Standard[]): ForkedStreams {
  const own: (number | undefined)[] = [];
  // Each is closed by who has opened it: in a Worker Node keeps a list of those that are its.
  const closers: (() => void)[] = [];
  const closeChilds = (): void => closers.splice(0).forEach((close) => close());
  const closeAll = (): void => {
    closeChilds();
    for (const descriptor of own.splice(0)) if (descriptor !== undefined) native().closeDescriptor(descriptor);
  };
  const pair = (): [own: number, childs: number] => {
    const both = native().socketPair();
    closers.push(() => native().closeDescriptor(both[1]));
    return both;
  };
  const open = (standard: Standard, at: number): number | undefined => {
    if (standard === 'inherit') return undefined;
    if (typeof standard === 'number') return standard;
    if (standard === 'ignore') {
      const fd = openSync('/dev/null', at === 0 ? 'r' : 'w');
      closers.push(() => closeSync(fd));
      return fd;
    }
    const [ownEnd, childsEnd] = pair();
    own[at] = ownEnd;
    return childsEnd;
  };
  const take = (at: number): Socket | null => {
    const fd = own[at];
    own[at] = undefined;
    if (fd === undefined) return null;
    // One that goes one way only is closed when it has ended.
    return socketOf(fd, { readable: at !== 0, writable: at === 0 || at === CHANNEL });
  };
  try {
    const standard = standards.map(open);
    const [ownEnd, channel] = pair();
    own[CHANNEL] = ownEnd;
    return {
      channel,
      standard,
      descriptors: [channel, ...standard.filter((fd) => fd !== undefined)],
      takeChannel: () => take(CHANNEL) as Socket,
      takeStreams: () => ({ stdin: take(0), stdout: take(1), stderr: take(2) }),
      closeChilds,
      closeAll,
    };
  } catch (error) {
    closeAll();
    throw error;
  }
}

/** Its place behind the standard streams. */
const CHANNEL = 3;

function invalid(message: string): ZygoteError {
  return new ZygoteError('ERR_ZYGOTE_INVALID_ARGUMENT', message);
}
