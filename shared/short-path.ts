// A path in a space that is too narrow for it: first segments, …, the whole name. Only a name that alone is too long
// loses its own middle, and keeps its suffix, since names differ at their end.

export interface ShortPath {
  /** Directories with the slash after them; may hold `…`. Drawn grey. */
  dir: string;
  name: string;
  /** Something was left out: the whole path belongs into the hover. */
  shortened: boolean;
}

const DOTS = '…';
/** Characters of a suffix (.tar.gz) that are kept. */
const MAX_SUFFIX = 10;

/** Splits a path and shortens it to at most `budget` characters (of what a reader counts), or 5 if less is given. */
export function shortenPath(path: string, budget: number): ShortPath {
  const cut = path.lastIndexOf('/', path.length - 2) + 1;
  const dir = path.slice(0, cut);
  const name = path.slice(cut);
  const room = Math.max(5, Math.floor(budget));
  if (count(path) <= room) return { dir, name, shortened: false };

  const nameLength = count(name);
  const forDir = room - nameLength;
  if (dir === '') return { dir, name: shortenName(name, room), shortened: true };
  // `…/` is the least that says there are directories.
  if (forDir < 2) return { dir: `${DOTS}/`, name: shortenName(name, room - 2), shortened: true };
  return { dir: shortenDir(dir, forDir), name, shortened: true };
}

/** Whole first segments as far as they fit before `…/`. */
function shortenDir(dir: string, room: number): string {
  let head = '';
  for (const segment of dir.match(/[^/]*\//g) ?? []) {
    if (count(head) + count(segment) + 2 > room) break;
    head += segment;
  }
  return `${head}${DOTS}/`;
}

function shortenName(name: string, room: number): string {
  const letters = [...name];
  if (letters.length <= room) return name;
  const left = Math.max(1, room - 1);
  const dot = name.lastIndexOf('.');
  const suffix = dot > 0 ? [...name.slice(dot)].length : 0;
  const tail = Math.min(left - 1, Math.max(suffix <= MAX_SUFFIX ? suffix : 0, Math.floor(left / 3)));
  return `${letters.slice(0, left - tail).join('')}${DOTS}${tail > 0 ? letters.slice(-tail).join('') : ''}`;
}

function count(text: string): number {
  let letters = 0;
  for (const _ of text) letters++;
  return letters;
}
