/** Data of the user's own. */
import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ZygoteError } from '../../errors.js';
import { bytesOf } from '../values/bytes.js';
import { count } from './payload.js';

export async function loadFile(path: string): Promise<{ title: string; data: unknown }> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw dataError(`cannot read the data file ${path}: ${messageOf(cause)}`, cause);
  });
  try {
    const data: unknown = JSON.parse(text);
    return { title: `${basename(path)}: ${describe(data)}`, data };
  } catch (cause) {
    const message = `the data file ${path} is not JSON: ${messageOf(cause)}. For other data write a module: --module`;
    throw dataError(message, cause);
  }
}

export async function loadModule(path: string, name: string): Promise<{ title: string; data: unknown }> {
  const url = pathToFileURL(resolve(path)).href;
  const module = await (import(url) as Promise<Record<string, unknown>>).catch((cause: unknown) => {
    throw dataError(`cannot load the module ${path}: ${messageOf(cause)}`, cause);
  });
  if (!(name in module)) {
    const exports = Object.keys(module).filter((key) => key !== 'module.exports');
    const has = exports.length === 0 ? 'it exports nothing' : `it exports ${exports.join(', ')}`;
    throw dataError(`the module ${path} has no export '${name}': ${has}. Name one: ${path}#name`);
  }
  const data = await valueOf(module[name], `${path}#${name}`);
  if (data === undefined) throw dataError(`${path}#${name} gives undefined: return the data from it`);
  return { title: `${basename(path)}#${name}: ${describe(data)}`, data };
}

async function valueOf(exported: unknown, where: string): Promise<unknown> {
  if (typeof exported !== 'function') return exported;
  try {
    return await (exported as () => unknown)();
  } catch (cause) {
    throw dataError(`${where}() failed: ${messageOf(cause)}`, cause);
  }
}

function describe(data: unknown): string {
  if (Array.isArray(data)) return `an array of ${count(data.length)}`;
  if (data instanceof Map) return `a Map of ${count(data.size)}`;
  if (data instanceof Set) return `a Set of ${count(data.size)}`;
  if (typeof data !== 'object' || data === null) return `a ${typeof data}`;
  const bytes = bytesOf(data);
  if (bytes !== undefined) return `${data.constructor.name} of ${count(bytes.byteLength)} bytes`;
  return `an object of ${count(Object.keys(data).length)} properties`;
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function dataError(message: string, cause?: unknown): ZygoteError {
  return new ZygoteError('ERR_ZYGOTE_MEASURE_DATA', message, { cause });
}
