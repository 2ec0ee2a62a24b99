// Which specs a row runs, as patterns under __test__/ without the suffix.

/** What depends on the addon. The rest is TypeScript, which is the same whatever the addon is. */
export const ADDON = [
  'channel*/**/*',
  'memory/**/*',
  'metrics',
  'native/**/*',
  'pool/**/*',
  'posix/**/*',
  'process/**/*',
  'start/**/*',
  'sync/**/*',
];

/** What an emulator of arm64 can run in bearable time. */
export const ON_ARM64 = [
  'errors',
  'metrics',
  'native/**/*',
  'start/spawn-arguments',
  'start/spawn-identity',
  'start/spawn-messages',
];

/** qemu's own threads and signals are not those of the program that it runs. */
export const QEMU_CANNOT = 'fork (its parking of threads needs signal 33, which qemu keeps), /proc of the program';
