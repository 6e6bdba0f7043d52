// A tree of names over numbered nodes, of bounded size. A node may have several names (hard links) or none (removed,
// or not known); paths are put together when asked for, so that moving a directory costs nothing.
import type { U64 } from '../../shared/u64.ts';

interface Name {
  parent: TreeNode;
  name: string;
}

export interface TreeNode {
  /** Null for a directory that is known by its name only. */
  id: U64 | null;
  /** Which file it is, where known. */
  ino: U64 | null;
  /** Where it is, newest last. */
  names: Name[];
  children: Map<string, TreeNode> | null;
  /** Its path, as of version `pathVersion` of the tree. */
  path: string;
  pathVersion: number;
}

const ROOT_ID = 1;
/** Names of a path at most (PATH_MAX / 2), which also ends a circle made of what was missed. */
const MAX_DEPTH = 2048;

export class Tree {
  readonly root: TreeNode = fresh(ROOT_ID);
  readonly #maxNodes: number;
  /** In order of use, longest ago first. The root is not in it. */
  readonly #nodes = new Map<U64, TreeNode>();
  /** Raised when a path may have changed. */
  #version = 1;

  constructor(maxNodes: number) {
    this.#maxNodes = maxNodes;
  }

  get size(): number {
    return this.#nodes.size;
  }

  /** The node of this number, which becomes the one used last. */
  node(id: U64): TreeNode {
    if (id === ROOT_ID) return this.root;
    let node = this.#nodes.get(id);
    if (node) this.#nodes.delete(id);
    else {
      if (this.#nodes.size >= this.#maxNodes) this.#forgetOldest();
      node = fresh(id);
    }
    this.#nodes.set(id, node);
    return node;
  }

  /** A directory of which only the name is known. It stays as long as something is below it. */
  anonymous(parent: TreeNode, name: string): TreeNode {
    const node = fresh(null);
    this.#add(parent, name, node);
    return node;
  }

  /** A number is given to a node that nothing known belongs to. */
  renew(node: TreeNode): void {
    node.ino = null;
    for (const { parent, name } of [...node.names]) this.unlink(parent, name);
    for (const name of [...(node.children?.keys() ?? [])]) this.unlink(node, name);
  }

  /** The node, looked up by this name, is this file. If it may have been another, nothing known of it counts. */
  identify(node: TreeNode, ino: U64, parent: TreeNode, name: string): void {
    const same =
      node.ino === null
        ? node.names.length === 0 || node.names.some((one) => isName(one, parent, name))
        : node.ino === ino;
    if (!same) this.renew(node);
    node.ino = ino;
  }

  /**
   * From now on `name` in `parent` is `node`.
   * @param maxNames how many names it has at most; the oldest are void.
   */
  link(parent: TreeNode, name: string, node: TreeNode, maxNames: number): void {
    if (node === this.root || node === parent) return;
    this.#breakCircle(parent, node);
    const there = parent.children?.get(name);
    if (there === node) {
      if (node.names.length > 1) this.#showFirst(node, parent, name);
    } else {
      this.#add(parent, name, node);
      if (there) this.#replace(there, parent, name, node);
    }
    for (const old of node.names.slice(0, -maxNames)) this.unlink(old.parent, old.name);
  }

  /** `name` in `parent` is no more. The node stays, as it may be in use. */
  unlink(parent: TreeNode, name: string): void {
    const node = parent.children?.get(name);
    if (!node || !parent.children) return;
    parent.children.delete(name);
    if (parent.children.size === 0) parent.children = null;
    this.#drop(node, parent, name);
    // Known by its name only, and now of no use.
    if (parent.id === null && parent.children === null)
      for (const own of [...parent.names]) this.unlink(own.parent, own.name);
  }

  /** `/a/b`; `#12/b` where 12 has no known name. */
  pathOf(id: U64): string {
    return id === ROOT_ID ? '/' : this.#path(this.node(id));
  }

  #path(node: TreeNode): string {
    if (node.pathVersion === this.#version) return node.path;
    let path = '';
    let at = node;
    for (let depth = 0; depth < MAX_DEPTH; depth++) {
      const name = at.names.at(-1);
      if (!name) break;
      path = `/${name.name}${path}`;
      at = name.parent;
    }
    node.path = at === this.root ? path : `#${at.id ?? '?'}${path}`;
    node.pathVersion = this.#version;
    return node.path;
  }

  #add(parent: TreeNode, name: string, node: TreeNode): void {
    parent.children ??= new Map();
    parent.children.set(name, node);
    node.names.push({ parent, name });
    this.#moved(node);
  }

  #drop(node: TreeNode, parent: TreeNode, name: string): void {
    node.names = node.names.filter((one) => !isName(one, parent, name));
    this.#moved(node);
  }

  /** Paths through it are no longer what they were. */
  #moved(node: TreeNode): void {
    if (node.children === null) node.pathVersion = 0;
    else this.#version++;
  }

  /** Its place was taken by `node`: if only its name was known, it was the same directory. */
  #replace(there: TreeNode, parent: TreeNode, name: string, node: TreeNode): void {
    this.#drop(there, parent, name);
    if (there.id !== null) return;
    for (const [below, child] of there.children ?? []) {
      this.#drop(child, there, below);
      if (!node.children?.has(below)) this.#add(node, below, child);
    }
    there.children = null;
  }

  /** Of several names the one used last is shown. */
  #showFirst(node: TreeNode, parent: TreeNode, name: string): void {
    if (isName(node.names.at(-1) as Name, parent, name)) return;
    this.#drop(node, parent, name);
    node.names.push({ parent, name });
  }

  /** Where `parent` seems to lie below `node`, a move was missed: it is no longer known what `node` holds there. */
  #breakCircle(parent: TreeNode, node: TreeNode): void {
    if (node.children === null) return;
    let below = parent;
    for (let depth = 0; depth < MAX_DEPTH; depth++) {
      const above = below.names.at(-1)?.parent;
      if (!above) return;
      if (above === node) break;
      below = above;
    }
    for (const own of [...below.names]) this.unlink(own.parent, own.name);
  }

  /** Forgets the node used longest ago that nothing lies below of. */
  #forgetOldest(): void {
    for (const [id, node] of this.#nodes) {
      this.#nodes.delete(id);
      if (node.children === null) {
        for (const { parent, name } of [...node.names]) this.unlink(parent, name);
        return;
      }
      // Its place is taken by what is below it: it counts as used.
      this.#nodes.set(id, node);
    }
  }
}

function fresh(id: U64 | null): TreeNode {
  return { id, ino: null, names: [], children: null, path: '', pathVersion: 0 };
}

function isName(one: Name, parent: TreeNode, name: string): boolean {
  return one.parent === parent && one.name === name;
}
