export {
  ProcessExitError,
  StartMethodError,
  TimeoutError,
  TransferError,
  WorkerCrashedError,
  ZygoteError,
  type ExitStatus,
} from './errors.js';
