/** What specs compare with. */
import type { ExitStatus } from 'zygote';

export const code = (exitCode: number): ExitStatus => ({ exitCode, signalCode: null });

export const signal = (signalCode: NodeJS.Signals): ExitStatus => ({ exitCode: null, signalCode });

/** A ZygoteError by the end of its code. */
export const refused = (name: string): { code: string } => ({ code: `ERR_ZYGOTE_${name}` });
