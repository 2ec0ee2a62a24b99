/** Numbers from 0 to 2^32 - 1 that look random and are the same each time: Marsaglia's xorshift32. */
export function randomNumbers(): () => number {
  let state = 2_463_534_242;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}
