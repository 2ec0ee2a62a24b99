/** Reads measurements that were written to files, by this machine or another one. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { ZygoteError } from '../../errors.js';
import type { Measurement } from '../../measure/index.js';
import { packageUrl } from '../../start/program.js';
import { Ajv2020, type ErrorObject } from '../../vendor/schema.js';

const FORMAT = 2;

/** @throws ZygoteError `ERR_ZYGOTE_REPORT_FILE` if it cannot be read, or is no measurement that this version knows. */
export async function readMeasurement(path: string): Promise<Measurement> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw fileError(`cannot read ${path}: ${messageOf(cause)}`, cause);
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw fileError(`${path} is not JSON: ${messageOf(cause)}`, cause);
  }
  const problem = problemOf(value);
  if (problem !== undefined) throw fileError(`${path}: ${problem}`);
  return value as Measurement;
}

/** Why a value is no measurement; nothing if it is one. */
export function problemOf(value: unknown): string | undefined {
  const format = (value as { format?: unknown } | null)?.format;
  if (typeof format !== 'number') return 'this is no measurement. zygote measure --json=file writes one';
  if (format < FORMAT) return `it is of format ${format}, of an older zygote. Measure again: this one reads ${FORMAT}`;
  if (format > FORMAT) return `it is of format ${format}, of a newer zygote. Update: this one reads ${FORMAT}`;
  const validate = validator();
  if (validate(value)) return undefined;
  // What is deepest inside says most; `if` only says that a branch did not fit.
  const errors = (validate.errors ?? []).filter(({ keyword }) => keyword !== 'if');
  const [worst] = errors.toSorted((a, b) => b.instancePath.length - a.instancePath.length);
  return worst === undefined ? 'it does not match docs/measurement.schema.json' : describe(worst);
}

type Validate = ReturnType<Ajv2020['compile']>;
let compiled: Validate | undefined;

function validator(): Validate {
  if (compiled === undefined) {
    const schema = JSON.parse(readFileSync(packageUrl('docs/measurement.schema.json'), 'utf8')) as object;
    // A date is for people, and may be any text.
    compiled = new Ajv2020({ strict: false, validateFormats: false }).compile(schema);
  }
  return compiled;
}

/** payloads[0].contestants[2].usable.median must be number */
function describe({ instancePath, message = 'is wrong', params }: ErrorObject): string {
  const place = instancePath
    .replaceAll(/\/(\d+)/g, '[$1]')
    .replaceAll('/', '.')
    .replace(/^\./, '');
  const allowed = (params as { allowedValues?: unknown[] }).allowedValues;
  const values = allowed === undefined ? '' : `: ${allowed.join(', ')}`;
  return `${place === '' ? 'it' : place} ${message}${values}`;
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function fileError(message: string, cause?: unknown): ZygoteError {
  return new ZygoteError('ERR_ZYGOTE_REPORT_FILE', message, { cause });
}
