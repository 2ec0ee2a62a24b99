/** Pickling, for modules that must not load it: it is as large as all else that a spawned child needs to run a function. */
export type Pickling = typeof import('../transfer/pickle.js');

let loaded: Pickling | undefined;

/** At once in a process that has loaded it: that is each one whose user has imported this package. */
export function pickling(): Pickling | Promise<Pickling> {
  return loaded ?? import('../transfer/pickle.js').then(providePickling);
}

export function providePickling(module: Pickling): Pickling {
  loaded = module;
  return module;
}
