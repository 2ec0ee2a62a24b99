/** What this process is: the main one, or one that `Process` has started. Kept small: every child loads it. */
import type { StartMethod } from '../start/method.js';
import type { ParentProcess } from './parent.js';

/** This process, as it was started. */
export interface Self {
  name: string;
  daemon: boolean;
  /** How it was started; undefined in the main process. */
  method: StartMethod | undefined;
  parent: ParentProcess | null;
}

export const MAIN_NAME = 'MainProcess';

let self: Self = { name: MAIN_NAME, daemon: false, method: undefined, parent: null };

/** False in a process that `Process` has started, and in a forkserver. */
export let isMainProcess = true;

/** True while a child is importing what it is to run: what is not guarded there would start processes without end. */
let bootstrapping = false;

export function thisProcess(): Self {
  return self;
}

/** In a child. */
export function becomeProcess(is: Self): void {
  self = is;
  isMainProcess = false;
}

/** In a process that is to become children, and is none itself. */
export function becomeServer(): void {
  becomeProcess({ name: 'forkserver', daemon: false, method: undefined, parent: null });
}

export function isBootstrapping(): boolean {
  return bootstrapping;
}

/** In a child, before and after it imports the user's modules. */
export function setBootstrapping(value: boolean): void {
  bootstrapping = value;
}

/** The process that started this one by `Process`; null in the main process. */
export function parentProcess(): ParentProcess | null {
  return self.parent;
}
