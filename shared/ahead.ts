// Clocks that are read one after the other: a process may be held up for long between the two.

const TRIES = 3;

/** By how much one clock is ahead of another, in their unit: of a few readings the one that was over soonest counts. */
export function ahead(one: () => number, other: () => number): number {
  let [least, found] = [Number.POSITIVE_INFINITY, 0];
  for (let i = 0; i < TRIES; i++) {
    const before = other();
    const at = one();
    const after = other();
    if (after - before >= least) continue;
    least = after - before;
    found = at - (before + after) / 2;
  }
  return found;
}
