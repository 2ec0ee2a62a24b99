/** What a forked child finds half done: its parent's calls that wait. */

const forgetting: (() => void)[] = [];

/** `forget` is called in each `Process` that is a clone of this one, before anything else: nobody waits there any more. */
export function whenInherited(forget: () => void): void {
  forgetting.push(forget);
}

/** Called in each forked `Process` with the arguments and fields that it was started with, before its target. */
type Passed = (args: readonly unknown[]) => void;

const passing: Passed[] = [];

/** `take` is called there with what was passed. */
export function whenPassed(take: Passed): void {
  passing.push(take);
}

export function takePassed(args: readonly unknown[]): void {
  for (const take of passing) take(args);
}

export function forgetWaits(): void {
  for (const forget of forgetting) forget();
}
