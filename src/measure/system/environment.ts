import { availableParallelism, cpus, loadavg, release, totalmem, type, version } from 'node:os';
import { VERSION } from '../../version.js';
import type { Environment } from '../measurement.js';
import { pythonVersion } from '../python/driver.js';

/**
 * The environment in which everything that is measured runs. Variables such as NODE_OPTIONS or NODE_EXTRA_CA_CERTS, which
 * doubles the start of Node 20, would be in the figures of the ways that start a new process, and not of the others.
 */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = ['PATH', 'HOME', 'SystemRoot', 'ZYGOTE_NATIVE_PATH'];
  return Object.fromEntries(
    kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

/** Where this runs. */
export function describeEnvironment(): Environment {
  const cpuList = cpus();
  const python = pythonVersion();
  return {
    date: new Date().toISOString(),
    zygote: VERSION,
    node: process.versions.node,
    v8: process.versions.v8,
    os: `${type()} ${process.arch}`,
    kernel: type() === 'Linux' ? release() : version(),
    arch: process.arch,
    cpu: cpuList[0]?.model.trim() ?? 'unknown CPU',
    cpus: availableParallelism(),
    memory: totalmem(),
    load: loadavg()[0] ?? 0,
    ...(python !== undefined && { python }),
  };
}
