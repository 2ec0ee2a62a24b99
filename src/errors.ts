/** What can go wrong, as classes to catch. `code` is stable; `message` says what to do, and may change. */

/** How a process ended: one of the two is null. */
export interface ExitStatus {
  exitCode: number | null;
  signalCode: NodeJS.Signals | null;
}

/** The base of every error this package throws. */
export class ZygoteError extends Error {
  static {
    nameErrors(this, 'ZygoteError');
  }

  /** Stable, of the form `ERR_ZYGOTE_…`. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A process ended before it gave a result: it exited on its own, or a signal ended it. */
export class ProcessExitError extends ZygoteError implements ExitStatus {
  static {
    nameErrors(this, 'ProcessExitError');
  }

  readonly exitCode: number | null;
  readonly signalCode: NodeJS.Signals | null;
  /** The last lines that it wrote to standard error, where they are known: when it ended while it was importing modules. */
  declare readonly lastOutput?: string;
  /** The name of the process, not of the class. */
  declare readonly name: string;

  constructor(processName: string, status: ExitStatus, options: ErrorOptions & { lastOutput?: string } = {}) {
    const { lastOutput, ...rest } = options;
    const said = lastOutput ? `. Its last words on stderr:\n${lastOutput}` : '';
    super('ERR_ZYGOTE_PROCESS_EXIT', `process ${processName} ${describe(status)} before it gave a result${said}`, rest);
    if (lastOutput) this.lastOutput = lastOutput;
    this.exitCode = status.exitCode;
    this.signalCode = status.signalCode;
    // V8 writes the stack when it is first read; read it now, so that it begins with the class and not with the process.
    void this.stack;
    Object.defineProperty(this, 'name', { value: processName, configurable: true });
  }
}

/** A pool's worker ended while it ran a task. */
export class WorkerCrashedError extends ZygoteError implements ExitStatus {
  static {
    nameErrors(this, 'WorkerCrashedError');
  }

  /** Which task: its index in a map, or what the pool calls it. */
  readonly task: number | string;
  readonly exitCode: number | null;
  readonly signalCode: NodeJS.Signals | null;

  /** `isDone`: the task was through, but what came of it had not arrived. */
  constructor(task: number | string, status: ExitStatus, options: ErrorOptions & { isDone?: boolean } = {}) {
    const { isDone, ...rest } = options;
    const when = isDone ? `after it had run task ${task}, whose result is lost` : `while it ran task ${task}`;
    super('ERR_ZYGOTE_WORKER_CRASHED', `a worker ${describe(status)} ${when}`, rest);
    this.task = task;
    this.exitCode = status.exitCode;
    this.signalCode = status.signalCode;
  }
}

/** A value cannot travel to another process. */
export class TransferError extends ZygoteError {
  static {
    nameErrors(this, 'TransferError');
  }

  /** Where in the value, for example `$.jobs[3].handler`. */
  readonly path: string;
  /** Why what is there cannot travel, and what to do instead. */
  readonly reason: string;

  constructor(path: string, reason: string, options?: ErrorOptions) {
    super('ERR_ZYGOTE_TRANSFER', `cannot transfer ${path}: ${reason}`, options);
    this.path = path;
    this.reason = reason;
  }
}

/** A start method is unknown, cannot be used on this system, or has been set already. */
export class StartMethodError extends ZygoteError {
  static {
    nameErrors(this, 'StartMethodError');
  }

  constructor(message: string, options?: ErrorOptions) {
    super('ERR_ZYGOTE_START_METHOD', message, options);
  }
}

/** A wait took longer than its timeout. */
export class TimeoutError extends ZygoteError {
  static {
    nameErrors(this, 'TimeoutError');
  }

  constructor(message: string, options?: ErrorOptions) {
    super('ERR_ZYGOTE_TIMEOUT', message, options);
  }
}

/** There is nothing to receive, and nobody left who could send something; or a queue is closed and empty. */
export class EOFError extends ZygoteError {
  static {
    nameErrors(this, 'EOFError');
  }

  constructor(message: string, options?: ErrorOptions) {
    super('ERR_ZYGOTE_EOF', message, options);
  }
}

function describe({ exitCode, signalCode }: ExitStatus): string {
  return signalCode === null ? `exited with code ${exitCode}` : `was ended by ${signalCode}`;
}

/** On the prototype, as the built-in errors have it: the stack begins with it, and it is not listed as a property. */
function nameErrors(of: { prototype: Error }, name: string): void {
  Object.defineProperty(of.prototype, 'name', { value: name, configurable: true, writable: true });
}
