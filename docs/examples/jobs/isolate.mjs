import { Pool } from 'zygote';

let calls = 0;
const leaky = () => ++calls;

const shared = new Pool({ method: 'fork', processes: 1 });
console.log('one worker:', await shared.run(leaky), await shared.run(leaky), await shared.run(leaky));
await shared[Symbol.asyncDispose]();

const isolated = new Pool({ method: 'fork', processes: 1, isolate: true });
console.log('isolated:', await isolated.run(leaky), await isolated.run(leaky), await isolated.run(leaky));
await isolated[Symbol.asyncDispose]();
