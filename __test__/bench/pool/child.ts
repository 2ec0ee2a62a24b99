/** A process for one task, without any pool. */
process.send?.(null);
process.disconnect();
