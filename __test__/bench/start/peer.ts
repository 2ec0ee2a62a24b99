/** What `child_process.fork` runs: its first message is what a result is elsewhere. */
process.send?.(null);
