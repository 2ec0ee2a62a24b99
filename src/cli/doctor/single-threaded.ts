/** A program that forks without threads, for `zygote doctor`. Prints the time from start to result, in milliseconds. */
import { run } from './tries.js';

void run({ method: 'fork', strategy: 'single-threaded' }).then((milliseconds) =>
  process.stdout.write(`${milliseconds}\n`),
);
