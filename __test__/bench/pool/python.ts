/** The same in Python: its programs are written to a folder, as its children import them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const TASKS = `
import os

def noop(_=None):
    pass

entries = []
index = {}
items = []

def build(records):
    for id in range(records):
        key = 'key %d' % (id % (records // 20))
        entry = {'id': id, 'key': key, 'score': id / 2}
        entries.append(entry)
        index.setdefault(key, []).append(entry)

def score(at, rounds):
    total = 0.0
    found = index[entries[at]['key']]
    for round in range(rounds):
        for entry in found:
            total += entry['score'] * round
    return total

def score_range(start, end, rounds):
    return [score(at, rounds) for at in range(start, end)]

def read_all(_=None):
    total = 0
    for item in items:
        total += item['id'] + item['score'] + len(item['name'])
    return os.getpid(), total

def pss(pid):
    with open('/proc/%d/smaps_rollup' % pid) as file:
        for line in file:
            if line.startswith('Pss:'):
                return int(line.split()[1]) * 1024
`;

const PROGRAM = `
import json, multiprocessing, sys, threading, time
from concurrent.futures import ProcessPoolExecutor
import zygote_bench_tasks as tasks

WORKERS = 2
what, way = sys.argv[1:3]
is_executor = way == 'executor'

def pool_of(workers, **options):
    return ProcessPoolExecutor(workers) if is_executor else multiprocessing.Pool(workers, **options)

def submit(pool, function, arguments, done):
    if is_executor:
        pool.submit(function, *arguments).add_done_callback(lambda future: done(future.result()))
    else:
        pool.apply_async(function, arguments, callback=done)

def rate(question, pool):
    slots = threading.Semaphore(question['inFlight'])
    count = [0]
    def done(_):
        count[0] += 1
        slots.release()
    start = time.perf_counter()
    while time.perf_counter() - start < question['ms'] / 1000:
        slots.acquire()
        submit(pool, tasks.noop, (), done)
    for _ in range(question['inFlight']):
        slots.acquire()
    return count[0] / (time.perf_counter() - start)

def single(question):
    with multiprocessing.Pool(WORKERS, maxtasksperchild=1) as pool:
        return rate(question, pool)

def calibrate(micros):
    rounds = 10
    for _ in range(4):
        start = time.perf_counter()
        for at in range(2000):
            tasks.score(at, rounds)
        rounds = max(1, round(rounds * micros / ((time.perf_counter() - start) * 1e6 / 2000)))
    return rounds

def mapped(question):
    records, rounds = len(tasks.entries), question['rounds']
    start = time.perf_counter()
    if way == 'alone':
        results = tasks.score_range(0, records, rounds)
    else:
        ranges = [(at, min(at + 1000, records), rounds) for at in range(0, records, 1000)]
        with pool_of(WORKERS) as pool:
            if is_executor:
                parts = list(pool.map(tasks.score_range, *zip(*ranges)))
            else:
                parts = pool.starmap(tasks.score_range, ranges, chunksize=1)
        results = [result for part in parts for result in part]
    return {'took': (time.perf_counter() - start) * 1e3, 'checksum': sum(results)}

def memory(question):
    alone = tasks.pss(multiprocessing.current_process().pid)
    count = question['workers']
    barrier_tasks = [None] * count
    with multiprocessing.Pool(count) as pool:
        pids = set()
        # Until each has read everything.
        while len(pids) < count:
            pids |= {pid for pid, _ in pool.map(tasks.read_all, barrier_tasks, chunksize=1)}
        together = tasks.pss(multiprocessing.current_process().pid) + sum(tasks.pss(pid) for pid in pids)
    return {'alone': alone, 'together': together}

def main():
    answer = None
    greeting = 'ready'
    if what == 'rates':
        pool = pool_of(WORKERS)
        answer = lambda question: rate(question, pool)
    elif what == 'single':
        answer = single
    elif what == 'maps':
        tasks.build(int(sys.argv[3]))
        greeting = {'rounds': calibrate(float(sys.argv[4])) if way == 'alone' else 0}
        answer = mapped
    elif what == 'memory':
        id = 0
        while id % 50000 or tasks.pss(multiprocessing.current_process().pid) < int(sys.argv[3]):
            tasks.items.append({'id': id, 'name': 'item %d' % id, 'score': id / 2})
            id += 1
        answer = memory
    print(json.dumps(greeting), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)

if __name__ == '__main__':
    main()
`;

/** Writes the programs; gives the path of the one to run. */
export function writePython(folder: string): string {
  writeFileSync(join(folder, 'zygote_bench_tasks.py'), TASKS);
  const path = join(folder, 'zygote_bench_pool.py');
  writeFileSync(path, PROGRAM);
  return path;
}
