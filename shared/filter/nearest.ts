// The known word that a mistyped one probably meant.

/** The closest of `words` by edits (at most a third of the letters, at least one); null where none is near. */
export function nearest(typed: string, words: Iterable<string>): string | null {
  const wanted = typed.slice(0, 40).toLowerCase();
  let best: string | null = null;
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const word of words) {
    const edits = distance(wanted, word.toLowerCase());
    if (edits < least) {
      least = edits;
      best = word;
    }
  }
  return best;
}

/** Edits from one word to the other: a letter more, less or another one, or two neighbours swapped. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min((row[j - 1] ?? 0) + (same ? 0 : 1), (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) least = Math.min(least, (before[j - 2] ?? 0) + 1);
      next.push(least);
    }
    before = row;
    row = next;
  }
  return row[b.length] ?? 0;
}
