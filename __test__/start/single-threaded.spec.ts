// The forkserver where it has no threads: its children are its own, and it tells their owner how they end.
import { getAllStartMethods } from 'zygote';
import { daemon } from './themes/daemon.js';
import { identity } from './themes/identity.js';
import { life } from './themes/life.js';

if (getAllStartMethods().includes('forkserver')) {
  for (const theme of [life, identity, daemon]) theme('forkserver', { strategy: 'single-threaded' });
}
