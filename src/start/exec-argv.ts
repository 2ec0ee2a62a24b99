/** Arguments for Node itself, as another process of the same program needs them. */

/** Of this process only: code given on the command line, the debugger's port, modes in which no program runs. */
const NOT_FOR_CHILDREN =
  /^(?:-e|--eval|-p|--print|-pe|-i|--interactive|-c|--check|--test|--watch(?:-.+)?|--run|--inspect(?:-.+)?|--cpu-prof(?:-.+)?|--heap-prof(?:-.+)?|--input-type|--build-snapshot(?:-.+)?|--node-snapshot)$/;
/** Of those the ones whose value is an argument of its own. */
const WITH_VALUE = /^(?:-e|--eval|-p|--print|-pe|--run|--input-type|--watch-path|--inspect-port)$/;

/** Without what is this process's alone. */
export function nodeArguments(execArgv: readonly string[] = process.execArgv): string[] {
  const kept: string[] = [];
  for (let index = 0; index < execArgv.length; index++) {
    const argument = execArgv[index] as string;
    const [name = ''] = argument.split('=', 1);
    if (!NOT_FOR_CHILDREN.test(name)) kept.push(argument);
    else if (WITH_VALUE.test(argument)) index++;
  }
  return kept;
}
