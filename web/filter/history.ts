// Filters that were in force, so that `u` can take the last change back.

const MOST = 100;
const past: string[] = [];

/** `filter` gives way to another. */
export function rememberFilter(filter: string): void {
  if (past.at(-1) === filter) return;
  past.push(filter);
  if (past.length > MOST) past.shift();
}

/** The filter before the last change; null where there was none. */
export function takeBackFilter(): string | null {
  return past.pop() ?? null;
}
