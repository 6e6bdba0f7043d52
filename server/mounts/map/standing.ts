// What mounts stand on: the mount that their mount point lies on, and what their daemons take files from. From mount
// tables, the files that daemons have open, and what they were told to show; no path is looked at.
import type { MapNode } from '../../../shared/mount-map.ts';
import type { MountEntry } from '../../../shared/mountinfo.ts';
import { isBelow, mountOf, sourcesOf } from '../chain.ts';
import type { MapFacts, MapMount } from './facts.ts';
import type { Graph } from './graph.ts';
import { wholeSource } from './source.ts';

/** Mounts on mounts, and overlays over mounts, that are looked through. */
const LOOKED_MAX = 500;
/** Overlays over overlays. */
const DEPTH_MAX = 8;
/** What the kernel makes up: nothing is served from it. */
const MADE_UP = new Set([
  'proc',
  'sysfs',
  'devtmpfs',
  'devpts',
  'cgroup',
  'cgroup2',
  'mqueue',
  'securityfs',
  'debugfs',
  'tracefs',
  'bpf',
  'pstore',
  'configfs',
  'fusectl',
  'hugetlbfs',
  'nsfs',
  'binfmt_misc',
  'autofs',
  'rpc_pipefs',
  'efivarfs',
  'selinuxfs',
]);

/** Adds what our own mount table says: mounts on mounts, and overlays whose layers are on one. */
export function addTable(graph: Graph, { entries }: MapFacts): void {
  const byId = new Map(entries.map((one) => [one.id, one]));
  const points = entries.filter((one) => graph.mountOf(one)).map((one) => one.mountpoint);
  const near = (path: string) => points.some((point) => isBelow(path, point));
  for (const entry of entries.filter(({ mountpoint }) => near(mountpoint)).slice(0, LOOKED_MAX)) {
    const below = belowFuse(graph, entry, byId);
    if (!below || graph.mountOf(entry) === below || MADE_UP.has(entry.fsType)) continue;
    const node = graph.shownBy(entry, entries);
    if (node) graph.depend(node, below, 'on', `its mount point ${entry.mountpoint} lies on it`);
  }
  const overlays = entries.filter(
    (one) => one.fsType === 'overlay' && sourcesOf(one).some(({ path }) => near(path)),
  );
  for (const overlay of overlays.slice(0, LOOKED_MAX)) {
    const node = graph.shownBy(overlay, entries);
    if (node) addSources(graph, node, overlay, entries, 0);
  }
}

/** The nearest mount of GET /api/mounts on the way from a mount down to the root. */
function belowFuse(graph: Graph, entry: MountEntry, byId: ReadonlyMap<number, MountEntry>): MapNode | null {
  let at = byId.get(entry.parent);
  for (let steps = 0; at && steps < byId.size; steps++) {
    const node = graph.mountOf(at);
    if (node) return node;
    at = byId.get(at.parent);
  }
  return null;
}

/** Adds what a mount's daemon takes its files from. */
export function addStanding(graph: Graph, node: MapNode, mount: MapMount, facts: MapFacts): void {
  const daemon = facts.daemons.find((one) => one.pid === mount.daemon?.pid);
  const entries = daemon?.entries ?? facts.entries;
  addSources(graph, node, asTold(mount, daemon?.named ?? []), entries, 0, mount.connection);
  addNamed(graph, node, mount);
  if (!daemon) return;
  const who = `${mount.daemon?.comm ?? 'its daemon'} ${daemon.pid}`;
  for (const { mount: id, count } of daemon.files) {
    const entry = entries.find((one) => one.id === id);
    if (!entry || MADE_UP.has(entry.fsType)) continue;
    const below = graph.shownBy(entry, entries);
    if (!below) continue;
    const files = count === 1 ? 'a file' : `${count} files`;
    graph.depend(node, below, 'serves', `${who} has ${files} open there`);
    addLayers(graph, below, entry, entries, 0);
  }
  for (const address of daemon.peers) {
    const peer = graph.peer(address);
    if (peer) graph.depend(node, peer, 'serves', `${who} has a connection to it`);
  }
}

/** A mirror is told of as a directory, whatever its type. mergerfs names its directories without what they have in common. */
const asTold = ({ fsType, source }: MapMount, named: readonly string[]) => ({
  fsType: fsType === 'virtiofs' ? fsType : 'fuse',
  source: wholeSource(source ?? '', named),
  options: '',
});

const WORDS = {
  source: 'its source is',
  'upper layer': 'its upper layer is',
  'lower layer': 'its lower layer is',
} as const;

/** @param own connection of a FUSE mount: what it covers is what its daemon has opened before. */
function addSources(
  graph: Graph,
  node: MapNode,
  of: Pick<MountEntry, 'fsType' | 'source' | 'options'>,
  entries: readonly MountEntry[],
  depth: number,
  own: number | null = null,
): void {
  const visible = own === null ? entries : entries.filter((one) => one.device !== own);
  for (const { path, how } of sourcesOf(of)) {
    const entry = mountOf(visible, path);
    if (!entry || MADE_UP.has(entry.fsType)) continue;
    const below = graph.shownBy(entry, entries);
    if (!below) continue;
    graph.depend(node, below, 'serves', `${WORDS[how as keyof typeof WORDS]} ${path}`);
    if (below !== node) addLayers(graph, below, entry, entries, depth + 1);
  }
}

/** What a file system that is no mount of ours stands on itself: layers of an overlay, a server. */
function addLayers(
  graph: Graph,
  node: MapNode,
  entry: MountEntry,
  entries: readonly MountEntry[],
  depth: number,
): void {
  if (node.kind !== 'backing' || depth > DEPTH_MAX) return;
  if (graph.edges.some((one) => one.from === node.id && one.reason === 'serves')) return;
  if (entry.fsType === 'overlay') addSources(graph, node, entry, entries, depth);
  else addNamed(graph, node, entry);
}

/** Types whose source is `host:/files`, `user@host:`, or `remote:bucket` of rclone. A colon parts directories elsewhere. */
const REMOTE = new Set([
  'fuse.sshfs',
  'fuse.rclone',
  'fuse.glusterfs',
  'nfs',
  'nfs4',
  'ceph',
  'glusterfs',
  'lustre',
]);
const HOST = /^(?:[^@/:]+@)?(\[[^\]/]+\]|[^:/]+):/;
/** `https://host/dir`, and `//server/share` of cifs. */
const URL = /^(?:[a-z][a-z0-9+.-]*:)?\/\/(?:[^@/]+@)?([^/]+)/;

/** The machine, or the device, that a source names. */
function addNamed(graph: Graph, node: MapNode, of: { fsType: string | null; source: string | null }): void {
  const source = of.source ?? '';
  if (source.startsWith('/dev/') && of.fsType === 'fuseblk') {
    const device = graph.device(source);
    if (device) graph.depend(node, device, 'serves', `its source is ${source}`);
    return;
  }
  const [, peer] = URL.exec(source) ?? (REMOTE.has(of.fsType ?? '') ? HOST.exec(source) : null) ?? [];
  if (peer === undefined) return;
  const named = graph.peer(peer);
  if (named) graph.depend(node, named, 'serves', `its source is ${source}`);
}
