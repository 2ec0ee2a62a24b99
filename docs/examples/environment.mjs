// Has the child the arguments, folder and environment of now?
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainProcess, Process } from 'zygote';

export function tell() {
  console.log('arguments:', process.argv.slice(3).join(' '));
  console.log('argv[1] is this file:', process.argv[1] === fileURLToPath(import.meta.url));
  console.log('folder:', basename(process.cwd()));
  console.log(`environment: MODE is ${process.env.MODE}, PATH is ${process.env.PATH ? 'set' : 'not set'}`);
}

if (isMainProcess) {
  process.argv.push('--verbose');
  process.chdir(fileURLToPath(new URL('modules', import.meta.url)));
  process.env.MODE = 'changed';

  const method = process.argv[2];
  const child = await new Process({ method, target: tell }).start();
  await child.result;
  const other = await new Process({ method, target: tell, cwd: '..', env: { MODE: 'given' } }).start();
  await other.result;
}
