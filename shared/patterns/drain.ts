// Drain, an online parser of log lines with a tree of fixed depth (He, Zhu, Zheng, Lyu: "Drain: An Online Log Parsing
// Approach with Fixed Depth Tree", ICWS 2017): lines of equal length and equal first words meet in a leaf, where one
// that is alike enough joins a group, whose differing words become `<*>`. Bounded: a full leaf or tree makes its
// newcomers join the nearest group, however far.

export const ANY = '<*>';
/** Share of equal words from which a line is of a group. */
const SIMILARITY = 0.5;
const DEPTH = 2;
const MAX_CHILDREN = 64;
const MAX_TOKENS = 64;

export interface Group {
  /** Words of its template. */
  words: string[];
}

interface Leaf<G> {
  groups: G[];
}

export class Drain<G extends Group> {
  readonly #leaves = new Map<string, Leaf<G>>();
  readonly #children = new Map<string, Set<string>>();
  readonly #create: (words: string[]) => G;
  readonly #maxGroups: number;
  #groups = 0;

  constructor(create: (words: string[]) => G, maxGroups: number) {
    this.#create = create;
    this.#maxGroups = maxGroups;
  }

  /** The group of a line; null where there are too many groups and none is near. */
  add(kind: string, text: string, separator: ' ' | '/'): G | null {
    const words = text.split(separator, MAX_TOKENS);
    const leaf = this.#leaf(kind, words);
    let best: G | null = null;
    let bestShare = -1;
    for (const group of leaf.groups) {
      const share = likeness(group.words, words);
      if (share > bestShare) {
        best = group;
        bestShare = share;
      }
    }
    if (best && bestShare >= SIMILARITY) {
      widen(best.words, words);
      return best;
    }
    if (this.#groups >= this.#maxGroups) return null;
    const group = this.#create(words);
    leaf.groups.push(group);
    this.#groups++;
    return group;
  }

  #leaf(kind: string, words: readonly string[]): Leaf<G> {
    let path = `${kind}\0${words.length}`;
    for (const word of words.slice(0, DEPTH)) {
      const step = /[<\d]/.test(word) ? ANY : word;
      let children = this.#children.get(path);
      if (!children) {
        children = new Set();
        if (this.#children.size < this.#maxGroups * DEPTH) this.#children.set(path, children);
      }
      const known = children.has(step) || children.size < MAX_CHILDREN;
      if (known) children.add(step);
      path += `\0${known ? step : ANY}`;
    }
    let leaf = this.#leaves.get(path);
    if (!leaf) {
      leaf = { groups: [] };
      if (this.#leaves.size < this.#maxGroups * DEPTH) this.#leaves.set(path, leaf);
    }
    return leaf;
  }
}

function likeness(template: readonly string[], words: readonly string[]): number {
  let equal = 0;
  for (let i = 0; i < words.length; i++) if (template[i] === words[i]) equal++;
  return equal / words.length;
}

function widen(template: string[], words: readonly string[]): void {
  for (let i = 0; i < words.length; i++) if (template[i] !== words[i]) template[i] = ANY;
}
