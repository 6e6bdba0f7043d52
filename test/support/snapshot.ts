// Prints what a directory tree is, one JSON line an entry, for comparing two of them. A process of its own, because
// it may look at a mount. Argument: DIR. Inode numbers become the first path of their file.
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

export interface Entry {
  path: string;
  mode: string;
  uid: number;
  gid: number;
  size: number | null;
  links: number | null;
  mtimeNs: string;
  sameAs: string | null;
  /** Of files: digest. Of links: target. */
  content: string | null;
}

const [root = '.'] = process.argv.slice(2);
const firstOf = new Map<bigint, string>();

function walk(path: string): void {
  const full = join(root, path);
  const stat = lstatSync(full, { bigint: true });
  const dir = stat.isDirectory();
  const earlier = dir ? undefined : firstOf.get(stat.ino);
  if (earlier === undefined) firstOf.set(stat.ino, path);
  const entry: Entry = {
    path,
    mode: stat.mode.toString(8),
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    size: dir ? null : Number(stat.size),
    links: dir ? null : Number(stat.nlink),
    mtimeNs: String(stat.mtimeNs),
    sameAs: earlier ?? null,
    content: contentOf(full, stat.isFile(), stat.isSymbolicLink()),
  };
  process.stdout.write(`${JSON.stringify(entry)}\n`);
  if (dir) for (const name of readdirSync(full).sort()) walk(join(path, name));
}

function contentOf(full: string, file: boolean, link: boolean): string | null {
  if (link) return readlinkSync(full);
  return file ? createHash('sha256').update(readFileSync(full)).digest('hex') : null;
}

walk('.');
