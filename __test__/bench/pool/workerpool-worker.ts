/** A worker of workerpool. */
import { worker } from 'workerpool';
import { noop } from './noop.js';

worker({ noop });
