/** Python's multiprocessing: a child of a Python process that has the same kind of data. */
import { ZygoteError } from '../../errors.js';
import type { PythonAnswer, PythonMethod } from '../python/driver.js';
import { PythonDriver, pythonVersion } from '../python/driver.js';
import type { Contestant } from './contestant.js';

export function python(method: PythonMethod): Contestant {
  let driver: PythonDriver;
  let expected = 0;
  let ids = 0;
  const fitness = { wireBytes: 0 };
  return {
    name: `python-${method}`,
    isElsewhere: true,
    check({ spec }) {
      if (pythonVersion() === undefined) return { obstacle: 'there is no Python 3 here whose memory could be read' };
      if (spec.kind === 'module' || spec.name === 'cities') return { obstacle: 'the data is made by a module of Node' };
      return fitness;
    },
    async prepare(payload) {
      driver = new PythonDriver(method, payload);
      const ready = await driver.answer((answer) => (answer.kind === 'ready' ? answer : undefined));
      expected = ready.checksum;
      fitness.wireBytes = ready.wireBytes;
    },
    async start(_, turn) {
      const id = ids++;
      const ofThis = (answer: PythonAnswer): boolean => 'id' in answer && answer.id === id;
      const started = driver.answer((answer) => (answer.kind === 'started' && ofThis(answer) ? answer : undefined));
      const usable = driver.answer((answer) => (answer.kind === 'usable' && ofThis(answer) ? answer : undefined));
      const reported = driver.answer((answer) => (ofThis(answer) && isLast(answer) ? answer : undefined));
      for (const promise of [started, usable, reported]) promise.catch(() => {});
      turn.signal.addEventListener('abort', () => driver.kill());
      driver.send({ kind: 'start', id, extent: turn.extent });
      const { pid, began, blocked } = await started;
      turn.begin(began);
      void usable.then(({ cpu, faults }) => turn.handedOver({ blocked, cpu, faults }));
      const report = reported.then((answer) => {
        if (answer.kind === 'lost') throw new Error(`the process ended with exit code ${answer.code}`);
        const { checksum, ...rest } = answer.report;
        if (checksum === expected) return rest;
        const message = `the child of 'python-${method}' has read other data: checksum ${checksum}, expected ${expected}`;
        throw new ZygoteError('ERR_ZYGOTE_MEASURE_MISMATCH', message);
      });
      report.catch(() => {});
      return {
        pid,
        report,
        async end() {
          const ended = driver.answer((answer) => (answer.kind === 'ended' && ofThis(answer) ? true : undefined));
          driver.send({ kind: 'end', id });
          await ended;
        },
      };
    },
  };
}

function isLast(answer: PythonAnswer): answer is PythonAnswer & { kind: 'report' | 'lost' } {
  return answer.kind === 'report' || answer.kind === 'lost';
}
