/**
 * Listens to AbortSignals, of which one may be for very many waits: a signal looks through all its listeners for each new one, and Node
 * warns of more than 10.
 */

const listeners = new WeakMap<AbortSignal, Set<() => void>>();

/** Calls `onAbort` when the signal is aborted, unless the function returned was called before. */
export function listen(signal: AbortSignal, onAbort: () => void): () => void {
  const found = listeners.get(signal) ?? listenTo(signal);
  found.add(onAbort);
  return () => void found.delete(onAbort);
}

function listenTo(signal: AbortSignal): Set<() => void> {
  const callbacks = new Set<() => void>();
  listeners.set(signal, callbacks);
  signal.addEventListener('abort', () => callbacks.forEach((onAbort) => onAbort()), { once: true });
  return callbacks;
}
