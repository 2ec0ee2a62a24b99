#!/usr/bin/env node
/** `zygote`: the command line. */
import { ZygoteError } from '../errors.js';
import { VERSION } from '../version.js';
import { UsageError } from './usage.js';

const HELP = `Usage: zygote <command> [options]

Commands:
  measure      what it costs to hand data to a child: fork against serialization, on built-in data or your own
  report       draws what 'measure --json' has written, and compares such files of several systems or versions
  doctor       what works on this machine, and why something does not: each start method is tried once

Options:
  --help       this text; 'zygote <command> --help' tells more about a command
  --version    the version of zygote
`;

const commands: Record<string, () => Promise<(args: string[]) => Promise<number>>> = {
  measure: async () => (await import('./measure/command.js')).measureCommand,
  report: async () => (await import('./report/command.js')).reportCommand,
  doctor: async () => (await import('./doctor/command.js')).doctorCommand,
};

// `zygote measure | head` is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await main(process.argv.slice(2));

/** Gives the exit code: 1 if something failed, 2 if it was called wrongly. */
async function main([first, ...rest]: string[]): Promise<number> {
  try {
    if (first === undefined)
      throw new UsageError('say what to do: zygote measure, zygote report, or zygote doctor', 'zygote --help');
    if (first === '--help' || first === '-h' || first === 'help') return print(HELP);
    if (first === '--version' || first === '-v') return print(`${VERSION}\n`);
    const command = Object.hasOwn(commands, first) ? commands[first] : undefined;
    if (command !== undefined) return await (await command())(rest);
    const what = first.startsWith('-') ? 'option' : 'command';
    throw new UsageError(`there is no ${what} '${first}'`, 'zygote --help');
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`zygote: ${error.message}\nSee: ${error.see}\n`);
      return 2;
    }
    // The messages of this package say what to do; a stack would hide that.
    process.stderr.write(`zygote: ${error instanceof ZygoteError ? error.message : stackOf(error)}\n`);
    return 1;
  }
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
