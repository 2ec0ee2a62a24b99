/**
 * Finds the class of an error that came from a child. A class of the user's exists in this process too, as the child is a
 * copy of it, but nothing says where: it is looked for among all objects that inherit from `Error.prototype`, at the first
 * error of that class. That walks the heap once: some milliseconds for each 10 MB.
 */
import { inspect } from './inspector.js';
import * as ours from '../errors.js';

type ErrorClass = abstract new (...args: never[]) => Error;

const known = new Map<string, ErrorClass>();

/** The class with these constructor names from itself up to `Error`; the nearest one that is known where it is not found. */
export function findErrorClass(names: string[], source: string): ErrorClass {
  const [name, ...parents] = names;
  if (name === undefined) return Error;
  const key = `${names.join(' ')}\n${source}`;
  const found = known.get(key) ?? builtin(name, parents) ?? search(names, source);
  if (!found) return findErrorClass(parents, '');
  known.set(key, found);
  return found;
}

/** Whether every process that has this package finds the class by its name. */
export function isEverywhere(Class: unknown): boolean {
  const { name } = Class as { name: string };
  return builtin(name, chain(Class as ErrorClass).slice(1)) === Class;
}

function builtin(name: string, parents: string[]): ErrorClass | undefined {
  const candidate = (globalThis as Record<string, unknown>)[name] ?? (ours as Record<string, unknown>)[name];
  return isErrorClass(candidate) && chain(candidate).join() === [name, ...parents].join() ? candidate : undefined;
}

function search(names: string[], source: string): ErrorClass | undefined {
  const candidates = instancesOfError()
    .map((object): unknown => Object.getOwnPropertyDescriptor(object, 'constructor')?.value)
    .filter((candidate) => isErrorClass(candidate))
    .filter((candidate) => chain(candidate).join() === names.join());
  return (
    candidates.find((candidate) => Function.prototype.toString.call(candidate).slice(0, 10_000) === source) ??
    candidates[0]
  );
}

function isErrorClass(value: unknown): value is ErrorClass {
  return value === Error || (typeof value === 'function' && (value.prototype as unknown) instanceof Error);
}

function chain(of: ErrorClass): string[] {
  const names: string[] = [];
  for (
    let proto = of.prototype as object | null;
    proto && proto !== Object.prototype;
    proto = Object.getPrototypeOf(proto) as object | null
  ) {
    names.push((proto.constructor as { name?: string } | null | undefined)?.name ?? '');
  }
  return names;
}

function instancesOfError(): object[] {
  try {
    return inspect((inspector) => inspector.instances(Error.prototype)) ?? [];
  } catch {
    return [];
  }
}
