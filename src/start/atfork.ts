/** Hooks around every fork of this process, raw or by `Process`. */

/** What to do around a fork. Each may be left out. */
export interface AtForkHooks {
  /** In the parent, before; in the reverse order of registration, as `pthread_atfork` does it. What it throws prevents the fork. */
  before?(): void;
  /** In the parent, after; also after a fork that failed, with the pid -1. */
  afterInParent?(pid: number): void;
  /** In the child, before anything else of the user's runs there. */
  afterInChild?(): void;
}

const registered = new Set<AtForkHooks>();

/** Registers hooks; the function returned takes them back. */
export function registerAtFork(hooks: AtForkHooks): () => void {
  const entry = { ...hooks };
  registered.add(entry);
  return () => void registered.delete(entry);
}

/** Runs the hooks before a fork. When one throws, those that ran are told that there was no fork. */
export function runBefore(): void {
  const done: AtForkHooks[] = [];
  try {
    for (const hooks of [...registered].toReversed()) {
      hooks.before?.();
      done.push(hooks);
    }
  } catch (error) {
    for (const hooks of done.toReversed()) hooks.afterInParent?.(-1);
    throw error;
  }
}

export function runAfterInParent(pid: number): void {
  for (const hooks of registered) hooks.afterInParent?.(pid);
}

export function runAfterInChild(): void {
  for (const hooks of registered) hooks.afterInChild?.();
}
