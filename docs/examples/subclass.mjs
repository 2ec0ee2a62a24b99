// And a class that extends Process?
import { isMainProcess, Process } from 'zygote';

export class Job extends Process {
  attempts = 0;
  constructor(file, options) {
    super(options);
    this.file = file;
  }
  run() {
    this.attempts++;
    return `${this.name} reads ${this.file}, attempt ${this.attempts}`;
  }
}

if (isMainProcess) {
  const job = await new Job('a.txt', { method: process.argv[2] }).start();
  console.log(await job.result);
  console.log(`attempts: ${job.attempts}`);
}
