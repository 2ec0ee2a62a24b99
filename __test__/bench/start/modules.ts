/** Modules as programs have them, to be preloaded. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Writes `count` modules of about 8 kB each, with functions that have run; gives their paths. */
export function writeModules(folder: string, count: number): string[] {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  return Array.from({ length: count }, (_, index) => {
    const path = join(folder, `module-${index}.js`);
    writeFileSync(path, source(index));
    return path;
  });
}

function source(index: number): string {
  const functions = Array.from(
    { length: 40 },
    (_, number) => `export function f${number}(list) {
  const table = new Map();
  for (const item of list) table.set(item, (table.get(item) ?? 0) + ${number} * ${index});
  return [...table].sort((a, b) => a[1] - b[1]);
}`,
  );
  const calls = functions.map((_, number) => `f${number}([1, 2, 3])`);
  return `${functions.join('\n')}\nexport const results = [${calls.join(', ')}];\n`;
}
