/** A process that gets functions from its standard input, calls them, and prints what they give. */
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
    const thing = received as () => unknown;
    const isClass = Function.prototype.toString.call(thing).startsWith('class');
    fates[name] = { result: isClass ? `class ${thing.name}` : await thing() };
  } catch (error) {
    fates[name] = { error: (error as Error).message };
  }
}
process.stdout.write(JSON.stringify(fates));
