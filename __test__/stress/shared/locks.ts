/** Holders of locks and permits, and those who wait for them, killed at any instant. */
import { Barrier, BoundedSemaphore, Condition, Event, Lock, type LockGuard, RLock } from 'zygote';
import { type MakeScene, must, until, Words } from './scene.js';

/** Longer than anything that works can take. */
const LONG = 60_000; // ms

/** Two numbers that only the owner of a lock changes, one after the other. Who is told that it was abandoned repairs them. */
const lock =
  (Class: typeof Lock | typeof RLock): MakeScene =>
  (workers) => {
    const mutex = new Class();
    const words = new Words(4 + workers);
    const [first, second, wrong, abandoned] = [0, 1, 2, 3];
    /** Whoever has it next is told, once: also who wants nothing of it. */
    const repair = (guard: LockGuard) => {
      if (!guard.abandoned) return;
      words.add(abandoned, 1);
      words.set(second, words.get(first));
    };
    return {
      async work(worker) {
        for (let round = 0; ; round++) {
          // Each way in.
          const guard = round % 3 === 0 ? mutex.acquireSync() : await mutex.acquire();
          repair(guard);
          if (words.get(first) !== words.get(second)) words.add(wrong, 1);
          words.add(first, 1);
          if (round % 5 === 0) await new Promise(setImmediate);
          words.add(second, 1);
          guard.release();
          words.add(4 + worker, 1);
          // Also who gives up must leave no trace.
          const other = round % 7 === 0 ? await mutex.acquire({ timeout: 0 }) : undefined;
          if (other) repair(other);
          other?.release();
        }
      },
      progress: (worker) => words.get(4 + worker),
      async finish() {
        const guard = await mutex.acquire({ timeout: LONG });
        must(guard !== undefined, 'the lock is not to be had');
        guard?.release();
        must(
          words.get(wrong) === 0,
          `${words.get(wrong)} times two had the lock, or one was not told that it was abandoned`,
        );
        must(!mutex.locked && mutex.waiting === 0, 'the lock is not free');
      },
      summary: () => `${words.get(first)} acquisitions, ${words.get(abandoned)} of them abandoned`,
    };
  };

const semaphore: MakeScene = (workers) => {
  const permits = new BoundedSemaphore(2);
  const words = new Words(workers);
  return {
    async work(worker) {
      for (let round = 0; ; round++) {
        const guard = round % 3 === 0 ? permits.acquireSync() : await permits.acquire();
        if (round % 5 === 0) await new Promise(setImmediate);
        guard.release();
        words.add(worker, 1);
      }
    },
    progress: (worker) => words.get(worker),
    async finish() {
      const both = [await permits.acquire({ timeout: LONG }), await permits.acquire({ timeout: LONG })];
      must(both.every(Boolean), 'permits are lost');
      must(permits.tryAcquire() === undefined, 'there are more permits than before');
      for (const guard of both) guard?.release();
      must(permits.value === 2 && permits.waiting === 0, 'the semaphore is not as it was');
    },
    summary: () => `${Array.from({ length: workers }, (_, worker) => words.get(worker)).join(' + ')} permits`,
  };
};

/** Each waits until another one was there, and wakes one. */
const condition: MakeScene = (workers) => {
  const turn = new Condition(new Lock());
  const words = new Words(1 + workers);
  return {
    async work(worker) {
      for (;;) {
        const guard = await turn.acquire();
        await turn.waitFor(() => words.get(0) !== worker + 1);
        words.set(0, worker + 1);
        turn.notify();
        guard.release();
        words.add(1 + worker, 1);
      }
    },
    progress: (worker) => words.get(1 + worker),
    async afterKill() {
      // Who was killed between its change and its notification has woken nobody: that is what `abandoned` is there for, and here
      // everybody waits.
      const guard = await turn.acquire();
      words.set(0, 0);
      turn.notifyAll();
      guard.release();
    },
    async finish() {
      const guard = await turn.acquire({ timeout: LONG });
      must(guard !== undefined, 'the lock of the condition is not to be had');
      turn.notifyAll();
      guard?.release();
      must(turn.waiting === 0, 'somebody is taken for waiting');
    },
    summary: () => `${Array.from({ length: workers }, (_, worker) => words.get(1 + worker)).join(' + ')} turns`,
  };
};

/** All meet again and again. One that is killed breaks it sooner or later; then all wait until it is mended. */
const barrier: MakeScene = (workers) => {
  const meeting = new Barrier(workers);
  const mended = new Event();
  const words = new Words(2 + 2 * workers);
  const [epoch, wrong] = [0, 1];
  const round = (worker: number) => 2 + workers + worker;
  return {
    goesOnWithout: false,
    async work(worker) {
      let own = words.get(epoch);
      for (;;) {
        try {
          const index = await meeting.wait();
          if (index < 0 || index >= workers) words.add(wrong, 1);
          words.add(2 + worker, 1);
        } catch {
          // Here until all of the others are told.
          words.set(round(worker), own + 1);
          words.add(2 + worker, 1);
          while (words.get(epoch) === own) await mended.wait({ timeout: 1 });
          own = words.get(epoch);
        }
      }
    },
    progress: (worker) => words.get(2 + worker),
    async afterKill(victim) {
      meeting.abort();
      const now = words.get(epoch);
      await until(() =>
        Array.from({ length: workers }, (_, worker) => worker).every(
          (worker) => worker === victim || words.get(round(worker)) === now + 1,
        ),
      );
      meeting.reset();
      words.set(epoch, now + 1);
      mended.set();
      mended.clear();
    },
    async finish() {
      meeting.reset();
      must(words.get(wrong) === 0, 'an index was wrong');
      const alone = new Barrier(1);
      must((await alone.wait()) === 0 && !meeting.broken && meeting.waiting === 0, 'the barrier is not as it was');
    },
    summary: () => `${words.get(epoch)} times broken and mended`,
  };
};

export const locks: Record<string, MakeScene> = {
  lock: lock(Lock),
  rlock: lock(RLock),
  semaphore,
  condition,
  barrier,
};
