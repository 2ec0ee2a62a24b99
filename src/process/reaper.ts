/** Learns of the end of children and reaps them: no zombie stays. */
import { type ExitStatus, ZygoteError } from '../errors.js';
import { native, type ReadableWatcher } from '../native/binding.js';
import type { ChildHandle } from './handle.js';
import { exitStatus, signalNumber } from './status.js';

/** A direct child of this process, which nobody else waits for. */
export class OwnChild implements ChildHandle {
  /** Settles when the child has ended and was reaped. */
  readonly ended: Promise<ExitStatus>;
  status: ExitStatus | undefined;
  /** The system knows no such child. */
  lost = false;
  #settle!: (status: ExitStatus) => void;
  #watcher: ReadableWatcher | undefined;
  #keepsAlive = true;
  #waits = 0;

  constructor(
    readonly pid: number,
    private pidfd: number,
  ) {
    this.ended = new Promise((resolve) => (this.#settle = resolve));
    watched.add(this);
    if (pidfd >= 0) this.#watcher = new (native().ReadableWatcher)(pidfd, () => this.poll());
    else listenForChildren();
  }

  /** Looks whether the child has ended; in that case everything is settled before this returns. */
  poll(): void {
    if (this.status) return;
    let ended;
    try {
      ended = native().tryWait(this.pid);
    } catch {
      // Not a child, or somebody else has waited for it: how it ended is lost.
      this.lost = true;
      ended = {};
    }
    if (!ended) return;
    this.status = exitStatus(ended);
    this.release();
    this.#settle(this.status);
  }

  /** Sends a signal; false if the child has ended. */
  signal(signal: NodeJS.Signals | number): boolean {
    this.poll();
    if (this.status) return false;
    native().sendSignal(this.pid, this.pidfd, signalNumber(signal));
    return true;
  }

  /** Whether the child keeps this process alive also while nobody waits for it. */
  setRef(keepsAlive: boolean): void {
    this.#keepsAlive = keepsAlive;
    this.#applyRef();
  }

  /** Notes that somebody waits, until the function returned is called. */
  beginWait(): () => void {
    this.#waits++;
    this.#applyRef();
    return () => {
      this.#waits--;
      this.#applyRef();
    };
  }

  get keepsAlive(): boolean {
    return (this.#keepsAlive || this.#waits > 0) && !this.status;
  }

  #applyRef(): void {
    this.#watcher?.setRef(this.keepsAlive);
    refTimer();
  }

  /** Lets go of the descriptor and the watcher. */
  release(): void {
    watched.delete(this);
    this.#watcher?.close();
    this.#watcher = undefined;
    if (this.pidfd >= 0) native().closeDescriptor(this.pidfd);
    this.pidfd = -1;
    stopListening();
  }

  get hasDescriptor(): boolean {
    return this.pidfd >= 0;
  }
}

const watched = new Set<OwnChild>();

/** In a forked child: the parent's children are not its own. */
export function disownChildren(): void {
  for (const child of watched) child.release();
}

// Where the kernel gives no descriptor of a process: SIGCHLD, which may stand for several children at once.
let listening = false;
let timer: NodeJS.Timeout | undefined;

function pollAll(): void {
  for (const child of watched) if (!child.hasDescriptor) child.poll();
}

function listenForChildren(): void {
  if (!listening) process.on('SIGCHLD', pollAll);
  listening = true;
  // A signal handler keeps no process alive; and a child may end before the handler is there.
  timer ??= setInterval(pollAll, 100);
  refTimer();
}

function refTimer(): void {
  const needed = [...watched].some((child) => child.keepsAlive && !child.hasDescriptor);
  if (needed) timer?.ref();
  else timer?.unref();
}

function stopListening(): void {
  if (!listening || [...watched].some((child) => !child.hasDescriptor)) return;
  process.off('SIGCHLD', pollAll);
  clearInterval(timer);
  timer = undefined;
  listening = false;
}

/** The handle of a child that was forked by hand; made at the first wait for it. By itself it keeps nothing alive. */
export function adopt(pid: number): OwnChild {
  if (!Number.isInteger(pid) || pid <= 0) {
    throw new ZygoteError(
      'ERR_ZYGOTE_INVALID_ARGUMENT',
      `${pid} is not a process id; waitpid takes one that fork returned`,
    );
  }
  const known = [...watched].find((child) => child.pid === pid);
  if (known) return known;
  const child = new OwnChild(pid, native().openPidfd(pid));
  child.setRef(false);
  return child;
}
