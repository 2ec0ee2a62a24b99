import { once } from 'node:events';
import { Supervisor } from 'zygote';

const forever = () => new Promise(() => setInterval(() => {}, 1000));
const supervisor = new Supervisor(
  {
    watch: { target: forever },
    broken: { target: () => process.exit(7), maxRestarts: 2, within: 60_000 },
  },
  { backoff: { initial: 10, factor: 2, max: 1000 } },
);
supervisor.on('exit', (name, { exitCode }) => console.log(`${name} has ended:`, exitCode));
supervisor.on('restart', (name, { attempt, delay }) => console.log(`${name}: restart ${attempt} after ${delay} ms`));
const givenUp = once(supervisor, 'giveUp');
await supervisor.start();
const [name, error] = await givenUp;
console.log(name, error.code);
console.log(
  Object.entries(supervisor.status())
    .map(([key, { state }]) => `${key} ${state}`)
    .join(', '),
);
await supervisor.stop();
console.log('watch', supervisor.status('watch').lastExit.signalCode);
