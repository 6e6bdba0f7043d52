// Paths of one mount's nodes, learned from the requests that look up, make, move and remove names. The kernel's
// requests name nodes by number; a node's name is known from the answer that gave the number. What was looked up before
// we listened is not known, and is shown as `#number`, never guessed.
//
// FORGET is not traced, so a number may come back for another file: where the inode number is another one, nothing
// known of the old file counts; and a file has no more names than its link count, a directory one.
import type { U64 } from '../../shared/u64.ts';
import type { TapName, TapRecord } from './tap.ts';
import { Tree, type TreeNode } from './tree.ts';

const OP = {
  LOOKUP: 1,
  SYMLINK: 6,
  MKNOD: 8,
  MKDIR: 9,
  UNLINK: 10,
  RMDIR: 11,
  RENAME: 12,
  LINK: 13,
  CREATE: 35,
  RENAME2: 45,
} as const;

const ENOENT = 2;
/** Names remembered of a file whose link count is not known. */
const MANY = 16;
const RENAME_EXCHANGE = 1 << 1;

/** Opcodes whose `name` is one in the directory `nodeid`. */
const IN_DIRECTORY = new Set<number>([
  OP.LOOKUP,
  OP.SYMLINK,
  OP.MKNOD,
  OP.MKDIR,
  OP.UNLINK,
  OP.RMDIR,
  OP.RENAME,
  OP.CREATE,
  OP.RENAME2,
]);

export class PathTable {
  readonly #tree: Tree;

  /** @param maxNodes nodes remembered; those used longest ago are forgotten first. */
  constructor(maxNodes = 65_536) {
    this.#tree = new Tree(maxNodes);
  }

  /** Nodes remembered now. */
  get size(): number {
    return this.#tree.size;
  }

  /** Takes in what the answer to a request says of names. Records in the order in which they were answered. */
  learn(record: TapRecord): void {
    if (record.kind === 'done') LEARN[record.opcode]?.(this.#tree, record);
  }

  /** Takes in a name that came with a listing, which the kernel takes for a look-up. */
  learnName({ parent, name, nodeid, ino, links }: TapName): void {
    if (name !== '.' && name !== '..') found(this.#tree, this.#tree.node(parent), name, nodeid, ino, links);
  }

  /** Paths of a request as users see them inside the mount. */
  pathOf(record: TapRecord): { path: string | null; newPath: string | null } {
    const { nodeid, name, newParent, newName } = record;
    if (nodeid === null || nodeid === 0) return { path: null, newPath: null };
    const own = this.#tree.pathOf(nodeid);
    return {
      path: name !== null && IN_DIRECTORY.has(record.opcode) ? join(own, name) : own,
      newPath: newParent !== null && newName !== null ? join(this.#tree.pathOf(newParent), newName) : null,
    };
  }

  /** What another source knows of a node: its path inside the mount, starting with `/`. */
  adopt(nodeid: U64, path: string): void {
    const names = path.split('/').filter((name) => name !== '');
    const last = names.pop();
    if (last === undefined) return;
    let directory = this.#tree.root;
    for (const name of names)
      directory = directory.children?.get(name) ?? this.#tree.anonymous(directory, name);
    this.#tree.link(directory, last, this.#tree.node(nodeid), MANY);
  }
}

type Learn = (tree: Tree, record: TapRecord) => void;

/** The directory and name that a record is about; null where it failed or lacks one. */
function place(tree: Tree, { nodeid, name, errno }: TapRecord): { directory: TreeNode; name: string } | null {
  if (errno !== 0 || nodeid === null || name === null) return null;
  return { directory: tree.node(nodeid), name };
}

/** What it made is new: should its number be known, then as another node that is gone. */
const made: Learn = (tree, record) => {
  const at = place(tree, record);
  if (!at || !record.replyNodeid) return;
  const node = tree.node(record.replyNodeid);
  tree.renew(node);
  tree.link(at.directory, at.name, node, 1);
};

const lookup: Learn = (tree, record) => {
  const { nodeid, name, errno, replyNodeid, replyLinks, replyIno } = record;
  if (nodeid === null || name === null || name === '.' || name === '..') return;
  if (errno === ENOENT) tree.unlink(tree.node(nodeid), name);
  else if (errno === 0 && replyNodeid !== null)
    found(tree, tree.node(nodeid), name, replyNodeid, replyIno ?? null, replyLinks ?? null);
};

/** A look-up found this node there. @param links its names, null or 0 where not known. */
function found(
  tree: Tree,
  directory: TreeNode,
  name: string,
  nodeid: U64,
  ino: U64 | null,
  links: number | null,
): void {
  const node = tree.node(nodeid);
  if (ino) tree.identify(node, ino, directory, name);
  tree.link(directory, name, node, node.children === null ? links || MANY : 1);
}

const removed: Learn = (tree, record) => {
  const at = place(tree, record);
  if (at) tree.unlink(at.directory, at.name);
};

/** libfuse's high-level API numbers names, not files: the new name of a file may have a number of its own. */
const linked: Learn = (tree, { errno, nodeid, newParent, newName, replyNodeid }) => {
  if (errno !== 0 || newParent === null || newName === null || !replyNodeid) return;
  tree.link(tree.node(newParent), newName, tree.node(replyNodeid), replyNodeid === nodeid ? MANY : 1);
};

const renamed: Learn = (tree, record) => {
  const from = place(tree, record);
  if (!from || record.newParent === null || record.newName === null) return;
  const to = tree.node(record.newParent);
  const moved = from.directory.children?.get(from.name) ?? null;
  const flags = record.opcode === OP.RENAME2 ? Number(record.args?.flags ?? 0) : 0;
  const other = flags & RENAME_EXCHANGE ? (to.children?.get(record.newName) ?? null) : null;
  tree.unlink(from.directory, from.name);
  tree.unlink(to, record.newName);
  if (moved) tree.link(to, record.newName, moved, MANY);
  if (other) tree.link(from.directory, from.name, other, MANY);
};

const LEARN: Readonly<Record<number, Learn>> = {
  [OP.LOOKUP]: lookup,
  [OP.SYMLINK]: made,
  [OP.MKNOD]: made,
  [OP.MKDIR]: made,
  [OP.CREATE]: made,
  [OP.UNLINK]: removed,
  [OP.RMDIR]: removed,
  [OP.LINK]: linked,
  [OP.RENAME]: renamed,
  [OP.RENAME2]: renamed,
};

function join(directory: string, name: string): string {
  return directory === '/' ? `/${name}` : `${directory}/${name}`;
}
