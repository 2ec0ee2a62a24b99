export { ZygoteError } from '../errors.js';
