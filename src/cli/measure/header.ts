import type { Environment } from '../../measure/index.js';
import { minutes } from './format.js';
import { wrap } from './table.js';

interface Extent {
  rounds: number;
  scale: number;
  budget?: number | undefined;
}

/** What the figures are figures of. */
export function headerText(environment: Environment, extent: Extent, width: number): string {
  return `${headerLines(environment, extent)
    .flatMap((line) => wrap(line, width))
    .join('\n')}\n`;
}

export function headerLines(environment: Environment, { rounds, scale, budget }: Extent): string[] {
  const { cpu, cpus, memory, load, os, kernel, node, v8, zygote, date, python } = environment;
  const most = budget === undefined ? '' : `, as many as fit into ${minutes(budget)} minutes`;
  const lines = [
    `zygote ${zygote} measure: one child, the same data, each way to hand it over`,
    `${cpus} CPUs, ${cpu}, ${Math.round(memory / 2 ** 30)} GB, load ${load.toFixed(2)}; ${os}, kernel ${kernel}`,
    `Node ${node}, V8 ${v8}${python === undefined ? '' : `; Python ${python}`}; ${date}`,
    `${rounds} round${rounds === 1 ? '' : 's'} after one to warm up${most}${scale === 1 ? '' : `; sizes x ${scale}`}`,
  ];
  if (load > cpus / 2)
    lines.push('Other work is going on, see load: figures will be higher than they should be, and unsteady.');
  return lines;
}
