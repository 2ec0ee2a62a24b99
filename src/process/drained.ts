/**
 * Lets the event loop take in all that has come by now, also where somebody else could still write.
 *
 * @param received tells how much has been taken in so far.
 */
export async function drained(received: () => number): Promise<void> {
  let before;
  do {
    before = received();
    // The first turn may be over already; in the second the loop reads all that is there.
    for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
  } while (received() !== before);
}
