/** A process that gets values from its standard input, and prints what comes of them. */
import { readFileSync } from 'node:fs';
import { unpickle } from '#dist/transfer/pickle';
import type { Fate } from './sender.js';

const sent = JSON.parse(readFileSync(0, 'utf8')) as Record<string, string[]>;
const fates: Record<string, Fate> = {};
for (const [name, segments] of Object.entries(sent)) {
  try {
    const received = await unpickle({
      segments: segments.map((segment) => new Uint8Array(Buffer.from(segment, 'base64'))),
      descriptors: [],
    });
    fates[name] = { result: await show(received) };
  } catch (error) {
    fates[name] = { error: (error as Error).message };
  }
}

function show(value: unknown): unknown {
  if (typeof value !== 'function') return (value as { show(): unknown }).show();
  const isClass = Function.prototype.toString.call(value).startsWith('class');
  return isClass ? `class ${value.name}` : (value as () => unknown)();
}

process.stdout.write(JSON.stringify(fates));
