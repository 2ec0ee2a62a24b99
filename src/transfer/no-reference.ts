/** Why a function has no reference, in words that say what to do. */
import { isProxy } from 'node:util/types';
import { isBuiltinModule } from './builtins.js';
import type { Referable } from './define.js';
import { inspect } from './inspector.js';
import { type Location, locationOf } from './location.js';

const WAYS_OUT = "export it (or name it with define()), or use the start method 'fork', which inherits it";

/** The reason for a `TransferError`. */
export function whyNoReference(fn: Referable): string {
  const source = Function.prototype.toString.call(fn);
  const name = fn.name || '(anonymous)';
  if (isProxy(fn)) return `it is the function ${name} behind a Proxy: send what is behind it, or ${WAYS_OUT}`;
  const location = locationOf(fn);
  if (!location) return withoutLocation(fn, name);
  const kind = /^class\b/.test(source) ? 'class' : isMethod(source) ? 'method' : 'function';
  const what = `it is the ${kind} ${name} at ${printLocation(location)}`;
  if (isBuiltinModule(location.url)) return `${what}, which Node does not export: export a function that calls it`;
  const unknown = withoutModule(location);
  if (unknown !== undefined) return `${what}, ${unknown}: put it in a file and ${WAYS_OUT}`;
  if (kind === 'method') {
    return `${what}, and a method is nothing without its object: send the object and call it there, or export a function; or use the start method 'fork', which inherits it`;
  }
  const outer = outerFunction(fn, location);
  if (outer !== undefined) {
    return `${what}, which is made ${outer ? `by the function ${outer}` : 'inside of another function'} whenever that runs, so that no other process has it: move it to the top level of its module and ${WAYS_OUT}`;
  }
  return `${what}, which its module does not export: ${WAYS_OUT}`;
}

function withoutLocation(fn: Referable, name: string): string {
  if (name.startsWith('bound ') && !Object.hasOwn(fn, 'prototype')) {
    return `it is the bound function ${name}, which exists in this process only: send the function and what it is bound to, or ${WAYS_OUT}`;
  }
  return `it is the function ${name}, of which this process does not know the module: ${WAYS_OUT}`;
}

/** A method's source begins with its name; so do getters, and functions in objects that were written as methods. */
function isMethod(source: string): boolean {
  if (/^(async\s*)?(function\b|\()/.test(source)) return false;
  return /^(async\s+|static\s+|get\s+|set\s+|\*\s*)*(\[[^\]]*\]|["'][^"']*["']|#?[\p{ID_Start}$_\d][\p{ID_Continue}$]*)\s*\(/u.test(
    source,
  );
}

function printLocation({ url, line, column }: Location): string {
  if (!url.startsWith('file:')) return `${url || '<eval>'}:${line}:${column}`;
  try {
    return `${process.getBuiltinModule('node:url').fileURLToPath(url)}:${line}:${column}`;
  } catch {
    return `${url}:${line}:${column}`;
  }
}

/** For code that no other process can import. */
function withoutModule({ url, isModule }: Location): string | undefined {
  if (url === '') return 'which eval() or new Function() has made';
  if (/(^|\/)\[eval\d*\](-wrapper)?$/.test(url)) return 'which was given on the command line';
  if (url.startsWith('[stdin]')) return 'which was read from the standard input';
  if (url === '[worker eval]') return 'which a Worker was given as a text';
  if (/^REPL\d*$/.test(url)) return 'which was typed in';
  const isOfFile = isModule || url.startsWith('file:');
  return isOfFile ? undefined : 'which the module node:vm has made';
}

/** The name of the function that it was made in; empty if that has none, undefined if it is at the top level. */
function outerFunction(fn: Referable, { isModule }: Location): string | undefined {
  const closures = inspect((inspector) => inspector.scopes(fn))
    ?.map((scope) => /^Closure(?: \((.*)\))?$/.exec(scope))
    .filter((match) => match !== null)
    .map((match) => match[1] ?? '');
  if (!closures) return undefined;
  // The outermost of CommonJS is the function that every such module is wrapped in.
  return isModule ? closures[0] : closures.slice(0, -1)[0];
}
