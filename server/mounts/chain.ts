// What a directory is really on: the mount that shows it, what that mount takes its files from, and so on down, by the
// mount table of one process alone. Pure; no path is looked at. Paths that a daemon or an overlay was given are read in
// the same mount table, which is right unless it was mounted from another namespace.
import type { ChainLink } from '../../shared/chain.ts';
import { isFuse, type MountEntry } from '../../shared/mountinfo.ts';

type MountKind = ChainLink['kind'];

/** Steps down, and all in all: a circle of daemons over each other has no bottom. */
const MAX_DEPTH = 16;
const MAX_LINKS = 200;

const NETWORK = new Set([
  'nfs',
  'nfs4',
  'cifs',
  'smb3',
  '9p',
  'ceph',
  'afs',
  'lustre',
  'glusterfs',
  'orangefs',
]);
const MEMORY = new Set(['tmpfs', 'ramfs', 'devtmpfs', 'hugetlbfs']);

/** @param path absolute; `..` is taken as written. Empty where the table has no root. */
export function mountChain(entries: readonly MountEntry[], path: string): ChainLink[] {
  const links: ChainLink[] = [];
  const follow = (at: string, how: ChainLink['how'], depth: number) => {
    const mount = mountOf(entries, at);
    if (!mount || depth > MAX_DEPTH || links.length >= MAX_LINKS) return;
    links.push(linkOf(mount, at, how, depth));
    for (const next of below(entries, mount, at)) follow(next.path, next.how, depth + 1);
  };
  follow(tidy(path), 'asked for', 0);
  return links;
}

/** The mount that shows a path: from the root down, always the one that was mounted last over what is seen. */
export function mountOf(entries: readonly MountEntry[], path: string): MountEntry | null {
  const ids = new Set(entries.map(({ id }) => id));
  let at = entries.find(({ mountpoint, parent }) => mountpoint === '/' && !ids.has(parent)) ?? null;
  for (let steps = 0; at !== null && steps < entries.length; steps++) {
    const { id } = at;
    const over = entries.filter((one) => one.parent === id && one.id !== id && isBelow(path, one.mountpoint));
    // The nearest to where we are hides what lies deeper on the mount below it.
    const next = over.toSorted((a, b) => a.mountpoint.length - b.mountpoint.length)[0];
    if (!next) break;
    at = next;
  }
  return at;
}

function linkOf(mount: MountEntry, path: string, how: ChainLink['how'], depth: number): ChainLink {
  const { mountpoint, fsType, source, root, options } = mount;
  const kind = kindOf(mount);
  return {
    depth,
    how,
    path,
    mountpoint,
    fsType,
    kind,
    source,
    root,
    connection: kind === 'fuse' || kind === 'virtiofs' ? mount.device : null,
    options,
  };
}

function kindOf(mount: MountEntry): MountKind {
  const { fsType, source } = mount;
  if (isFuse(mount)) return 'fuse';
  if (fsType === 'virtiofs' || fsType === 'overlay') return fsType;
  if (NETWORK.has(fsType)) return 'network';
  if (MEMORY.has(fsType)) return 'memory';
  return source.startsWith('/dev/') ? 'disk' : 'kernel';
}

type Next = Pick<ChainLink, 'path' | 'how'>;

/** Where the files of a directory on a mount come from. */
function below(entries: readonly MountEntry[], mount: MountEntry, path: string): Next[] {
  const inside = path.slice(mount.mountpoint === '/' ? 0 : mount.mountpoint.length);
  const bind = originOf(entries, mount);
  return bind === null ? sourcesOf(mount) : [{ path: tidy(bind + inside), how: 'bind of' }];
}

/** The directories that a file system was told to take its files from: layers of an overlay, sources of a daemon. */
export function sourcesOf(mount: Pick<MountEntry, 'fsType' | 'source' | 'options'>): Next[] {
  if (mount.fsType === 'overlay') return layersOf(mount.options);
  if (!isFuse(mount)) return [];
  // mergerfs and its like name several.
  const sources = mount.source.split(':');
  return sources.every((one) => one.startsWith('/') && !one.startsWith('/dev/'))
    ? sources.map((one) => ({ path: tidy(one), how: 'source' }))
    : [];
}

/** Of a mount of a part of a file system, that part where the whole, or more of it, is mounted. */
function originOf(entries: readonly MountEntry[], mount: MountEntry): string | null {
  if (mount.root === '/') return null;
  const wider = entries
    .filter((one) => one.device === mount.device && one.root !== mount.root && isBelow(mount.root, one.root))
    .toSorted((a, b) => a.root.length - b.root.length)[0];
  if (!wider) return null;
  return join(wider.mountpoint, mount.root.slice(wider.root === '/' ? 0 : wider.root.length));
}

function layersOf(options: string): Next[] {
  const layers: Next[] = [];
  for (const option of options.split(',')) {
    const [, name, value = ''] = /^(upperdir|lowerdir\+?|datadir\+)=(.*)$/.exec(option) ?? [];
    if (name === undefined) continue;
    const how = name === 'upperdir' ? 'upper layer' : 'lower layer';
    // Several lower ones; a colon of a name is escaped, and two set data layers apart.
    const paths = name === 'lowerdir' ? value.split(/(?<!\\):+/) : [value];
    for (const path of paths) layers.push({ path: tidy(path.replaceAll('\\:', ':')), how });
  }
  return layers.toSorted((a, b) => Number(a.how === 'lower layer') - Number(b.how === 'lower layer'));
}

/** Whether a path is a directory or lies in it, by their text. */
export function isBelow(path: string, directory: string): boolean {
  return directory === '/' || path === directory || path.startsWith(`${directory}/`);
}

function join(directory: string, rest: string): string {
  return directory === '/' ? rest || '/' : directory + rest;
}

/** Without empty parts, `.` and `..`, by the text alone. */
function tidy(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}
