/** What this thread waits for that other processes do. */
import { native } from '../native/binding.js';
import { whenInherited } from '../process/inherited.js';

/** One wait. */
export interface Waiting {
  /** Which bell it waits for. */
  readonly token: number;
  /** Looks whether it is over. It must not throw. */
  look(): void;
}

const waiting = new Set<Waiting>();
let open = false;

function hear(tokens: number[] | null): void {
  // What is looked at may begin and end waits.
  for (const wait of waiting) if (tokens === null || tokens.includes(wait.token)) wait.look();
}

/** Must be called before the first look. */
export function openWaits(): void {
  if (!open) native().openWaits(hear);
  open = true;
}

/** From now on it is asked to look when there is a reason, and keeps the process alive. */
export function addWait(wait: Waiting): void {
  waiting.add(wait);
  if (waiting.size === 1) native().refWaits(true);
}

export function removeWait(wait: Waiting): void {
  if (waiting.delete(wait) && waiting.size === 0 && open) native().refWaits(false);
}

/** Every wait looks: something has changed that no bell tells of. */
export function lookAgain(): void {
  hear(null);
}

// What a parent waits for is not its child's.
whenInherited(() => {
  if (open) native().closeWaits();
  open = false;
  waiting.clear();
});

/** In a child that goes on with all that its parent did: it waits for itself. */
export function renewWaits(): void {
  if (!open) return;
  native().openWaits(hear);
  if (waiting.size > 0) native().refWaits(true);
  hear(null);
}
