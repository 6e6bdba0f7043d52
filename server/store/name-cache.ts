// Names by their ids in a dictionary of the database, so that a filter that is new does not read them all again: while
// someone types, there is a new one with each letter. Ids are never given twice.

/** Bound of one cache: about 8 MB with what a Map takes. */
const MAX_NAMES = 40_000;
const MAX_CHARS = 4_000_000;

export class NameCache {
  private readonly known = new Map<number, string>();
  private chars = 0;
  private readonly read: (id: number) => string | undefined;

  constructor(read: (id: number) => string | undefined) {
    this.read = read;
  }

  /** The name; undefined where the dictionary has none. */
  readonly of = (id: number): string | undefined => {
    const known = this.known.get(id);
    if (known !== undefined) return known;
    const name = this.read(id);
    if (name === undefined) return undefined;
    if (this.known.size >= MAX_NAMES || this.chars + name.length > MAX_CHARS) {
      this.known.clear();
      this.chars = 0;
    }
    this.known.set(id, name);
    this.chars += name.length;
    return name;
  };
}
