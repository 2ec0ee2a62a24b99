/** The command line is not understood. */
export class UsageError extends Error {
  /** The command that tells how to use it. */
  readonly see: string;

  constructor(message: string, see: string, options?: ErrorOptions) {
    super(message, options);
    this.see = see;
  }
}
