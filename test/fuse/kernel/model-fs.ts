// A small file system with hard links, and a kernel before it that numbers nodes, asks by LOOKUP before it acts on a
// name, and forgets: the source of truth for the path table.

import type { TapRecord } from '../../../fuse/kernel/tap.ts';
import { opCode } from '../../../shared/ops.ts';
import { record } from './records.ts';

export interface Inode {
  /** Its number with the kernel; 0 while the kernel does not know it. */
  id: number;
  ino: number;
  /** Null for a file. */
  entries: Map<string, Inode> | null;
  links: number;
  /** It had several names once. */
  wasLinked?: boolean;
}

const ENOENT = 2;

export class ModelFs {
  readonly root: Inode = { id: 1, ino: 1, entries: new Map(), links: 1 };
  readonly #told: (record: TapRecord) => void;
  /** Nodes the kernel knows, by number. */
  readonly known = new Map<number, Inode>([[1, this.root]]);
  readonly #free: number[] = [];
  #next = 2;
  #nextIno = 2;

  constructor(told: (record: TapRecord) => void) {
    this.#told = told;
  }

  /** Every path of every inode. */
  paths(): Map<Inode, string[]> {
    const all = new Map<Inode, string[]>([[this.root, ['/']]]);
    const walk = (directory: Inode, path: string) => {
      for (const [name, inode] of directory.entries ?? []) {
        const own = `${path}/${name}`;
        all.set(inode, [...(all.get(inode) ?? []), own]);
        walk(inode, own);
      }
    };
    walk(this.root, '');
    return all;
  }

  directories(): Inode[] {
    return [...this.paths().keys()].filter((inode) => inode.entries);
  }

  /** Looks up the way to a directory, as every system call begins. */
  reach(directory: Inode): void {
    const path = this.paths().get(directory)?.[0] ?? '/';
    let at = this.root;
    for (const name of path.split('/').filter(Boolean)) at = this.lookup(at, name) ?? at;
  }

  lookup(directory: Inode, name: string): Inode | null {
    const inode = directory.entries?.get(name) ?? null;
    if (!inode) {
      this.#tell('lookup', { nodeid: directory.id, name, errno: ENOENT });
      return null;
    }
    this.#number(inode);
    const replyLinks = inode.entries ? 1 : inode.links;
    const answer = { replyNodeid: inode.id, replyLinks, replyIno: inode.ino };
    this.#tell('lookup', { nodeid: directory.id, name, ...answer });
    return inode;
  }

  make(directory: Inode, name: string, op: 'create' | 'mkdir' | 'mknod' | 'symlink'): void {
    this.reach(directory);
    if (this.lookup(directory, name)) return;
    const inode: Inode = {
      id: 0,
      ino: this.#nextIno++,
      entries: op === 'mkdir' ? new Map() : null,
      links: 1,
    };
    directory.entries?.set(name, inode);
    this.#number(inode);
    this.#tell(op, { nodeid: directory.id, name, replyNodeid: inode.id });
  }

  remove(directory: Inode, name: string): void {
    this.reach(directory);
    const inode = this.lookup(directory, name);
    if (!inode || (inode.entries && inode.entries.size > 0)) return;
    directory.entries?.delete(name);
    inode.links--;
    this.#tell(inode.entries ? 'rmdir' : 'unlink', { nodeid: directory.id, name });
  }

  link(directory: Inode, name: string, toDirectory: Inode, toName: string): void {
    this.reach(directory);
    const inode = this.lookup(directory, name);
    this.reach(toDirectory);
    if (!inode || inode.entries || this.lookup(toDirectory, toName)) return;
    toDirectory.entries?.set(toName, inode);
    inode.links++;
    inode.wasLinked = true;
    this.#tell('link', {
      nodeid: inode.id,
      newParent: toDirectory.id,
      newName: toName,
      replyNodeid: inode.id,
    });
  }

  rename(directory: Inode, name: string, toDirectory: Inode, toName: string, exchange: boolean): void {
    this.reach(directory);
    const inode = this.lookup(directory, name);
    this.reach(toDirectory);
    const there = this.lookup(toDirectory, toName);
    if (!inode || inode === there || isBelow(toDirectory, inode)) return;
    if (exchange ? !there || isBelow(directory, there) : there?.entries || (there && inode.entries)) return;
    directory.entries?.delete(name);
    toDirectory.entries?.set(toName, inode);
    if (exchange && there) directory.entries?.set(name, there);
    else if (there) there.links--;
    this.#tell(exchange ? 'rename2' : 'rename', {
      nodeid: directory.id,
      name,
      newParent: toDirectory.id,
      newName: toName,
      args: exchange ? { flags: 2 } : null,
    });
  }

  /** The kernel drops what nobody uses: a whole subtree, deepest first. No tap hears of it. */
  forget(inode: Inode): void {
    for (const child of inode.entries?.values() ?? []) this.forget(child);
    if (inode === this.root || inode.id === 0) return;
    this.known.delete(inode.id);
    this.#free.push(inode.id);
    inode.id = 0;
  }

  /** The daemon's side moves something, unseen. */
  moveBehind(directory: Inode, name: string, toDirectory: Inode, toName: string): void {
    const inode = directory.entries?.get(name);
    if (!inode || toDirectory.entries?.has(toName) || isBelow(toDirectory, inode)) return;
    directory.entries?.delete(name);
    toDirectory.entries?.set(toName, inode);
  }

  /** Numbers are given again, the last one freed first. */
  #number(inode: Inode): void {
    if (inode.id === 0) inode.id = this.#free.pop() ?? this.#next++;
    this.known.set(inode.id, inode);
  }

  #tell(op: string, fields: Partial<TapRecord>): void {
    this.#told(record({ opcode: opCode(op), ...fields }));
  }
}

function isBelow(inode: Inode, ancestor: Inode): boolean {
  return inode === ancestor || [...(ancestor.entries?.values() ?? [])].some((child) => isBelow(inode, child));
}
