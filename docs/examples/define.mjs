// Does the target have to be exported?
import { define, isMainProcess, Process } from 'zygote';
import { show } from './modules/show.mjs';

function twice(number) {
  return number * 2;
}

const handlers = new Map([['half', (number) => number / 2]]);

define(import.meta, { half: handlers.get('half') });

if (isMainProcess) {
  const method = process.argv[2];
  await show('neither exported nor named', new Process({ method, target: twice, args: [10] }));
  await show('named by define()', new Process({ method, target: handlers.get('half'), args: [10] }));
}
