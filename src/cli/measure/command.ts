/** `zygote measure` */
import { writeFile } from 'node:fs/promises';
import { measure, type Measurement } from '../../measure/index.js';
import { describeEnvironment } from '../../measure/system/environment.js';
import { planFrom } from '../../measure/options.js';
import { HELP, parseArguments } from './arguments.js';
import { closingText } from './closing.js';
import { headerText } from './header.js';
import { payloadText } from './payload.js';
import { ProgressLine } from './progress.js';

/** Gives the exit code. */
export async function measureCommand(args: string[]): Promise<number> {
  const { help, json, html, options } = parseArguments(args);
  if (help) {
    process.stdout.write(HELP);
    return 0;
  }
  const progress = new ProgressLine(process.stderr);
  const print = (text: string): void => {
    progress.clear();
    if (json !== '-') process.stdout.write(text);
  };
  const width = process.stdout.columns ?? 120;
  const plan = planFrom(options);
  print(headerText(describeEnvironment(), plan, width));
  let measurement: Measurement;
  try {
    measurement = await measure({
      ...options,
      onProgress: (now) => progress.show(now, plan.budget),
      onPayload: (payload) => print(payloadText(payload, width)),
    });
  } finally {
    progress.clear();
  }
  print(closingText(measurement, width));
  const text = `${JSON.stringify(measurement, undefined, 2)}\n`;
  if (json === '-') process.stdout.write(text);
  else if (json !== undefined) await writeFile(json, text);
  if (html !== undefined) {
    const { measurementPage } = await import('../html/measurement-page.js');
    await writeFile(html, measurementPage(measurement));
  }
  return hasFailure(measurement) ? 1 : 0;
}

function hasFailure({ payloads }: Measurement): boolean {
  return payloads.some(
    (payload) =>
      payload.status === 'failed' ||
      (payload.status === 'measured' && payload.contestants.some(({ status }) => status === 'failed')),
  );
}
