/** Takes its time, at the import. */
export const words = new Map([
  ['fork', 'Gabel'],
  ['knife', 'Messer'],
]);

export const madeBy = process.pid;
