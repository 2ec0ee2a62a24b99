/** Hears what a child tells, and turns it into what its parent waits for. */
import type { ChildMessage } from '../child/protocol.js';
import type { ChildReport } from '../child/steps.js';
import type { Turn } from './contestant.js';

export class Hearing {
  /** The child waits for the data. */
  readonly waiting: Promise<void>;
  readonly report: Promise<ChildReport>;
  readonly #turn: Turn;
  #setWaiting!: () => void;
  #setReport!: (report: ChildReport) => void;
  #setFailed!: (error: unknown) => void;

  constructor(turn: Turn) {
    this.#turn = turn;
    this.report = new Promise((resolve, reject) => {
      this.#setReport = resolve;
      this.#setFailed = reject;
    });
    const waiting = new Promise<void>((resolve) => (this.#setWaiting = resolve));
    this.waiting = Promise.race([waiting, this.report.then(() => {})]);
    // Who waits for one of the two hears of a failure.
    this.report.catch(() => {});
    this.waiting.catch(() => {});
  }

  hear(message: ChildMessage): void {
    if (message.kind === 'waiting') this.#setWaiting();
    else if (message.kind === 'usable') this.#turn.handedOver();
    else if (message.kind === 'report') this.#setReport(message.report);
    else this.#setFailed(new Error(message.error));
  }

  /** The child is not there any more, or never was. After its report that is as it should be. */
  failed(error: unknown): void {
    this.#setFailed(error);
  }
}
