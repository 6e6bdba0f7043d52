// Texts of a trace come again and again: how one is written is found out once. Bounded; forgets all when it is full.

const MOST = 20_000;
/** Longer ones are rarely met twice. */
const LONGEST = 300;

/** @param write what a text becomes in a format */
export function cached(write: (text: string) => string): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const written = write(text);
    if (text.length > LONGEST) return written;
    if (known.size >= MOST) known.clear();
    known.set(text, written);
    return written;
  };
}
