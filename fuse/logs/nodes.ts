// Paths by node id, learnt from the look-ups of a log, where its lines name nodes and no paths. Bounded: what was
// learnt longest ago goes first. Never a guess: after a rename of a directory what lay below it is forgotten.

const MAX_NODES = 50_000;

export class NodePaths {
  readonly #paths = new Map<string, string>();
  readonly #nodes = new Map<string, string>();
  /** How many names are known in a directory. */
  readonly #names = new Map<string, number>();

  get(node: string): string | null {
    return this.#paths.get(node) ?? null;
  }

  set(node: string, path: string): void {
    this.delete(node);
    this.#paths.set(node, path);
    this.#nodes.set(path, node);
    this.#count(path, 1);
    if (this.#paths.size <= MAX_NODES) return;
    for (const oldest of this.#paths.keys()) {
      // The root is never looked up again.
      if (oldest === '1') continue;
      this.delete(oldest);
      return;
    }
  }

  delete(node: string): void {
    const path = this.#paths.get(node);
    if (path === undefined) return;
    this.#paths.delete(node);
    this.#count(path, -1);
    if (this.#nodes.get(path) === node) this.#nodes.delete(path);
  }

  /** The name is gone; open files may go on under it. */
  forget(path: string | null): void {
    if (path !== null) this.#nodes.delete(path);
  }

  rename(from: string | null, to: string | null): void {
    if (from === null || to === null) return;
    const node = this.#nodes.get(from);
    const below = `${from}/`;
    // Of a file, or a directory of which nothing is known, nothing has to be forgotten.
    if (this.#names.has(from))
      for (const [path, other] of this.#nodes) if (path.startsWith(below)) this.delete(other);
    if (node !== undefined) this.set(node, to);
  }

  #count(path: string, by: number): void {
    const dir = path.slice(0, path.lastIndexOf('/'));
    const count = (this.#names.get(dir) ?? 0) + by;
    if (count > 0) this.#names.set(dir, count);
    else this.#names.delete(dir);
  }
}
