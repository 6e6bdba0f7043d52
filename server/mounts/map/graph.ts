// The map while it is made: nodes by what they are, edges joined where they say the same. Bounded; what did not fit is counted.
import type { MapEdge, MapNode } from '../../../shared/mount-map.ts';
import { isFuse, type MountEntry } from '../../../shared/mountinfo.ts';
import type { MapMount, MapStall } from './facts.ts';

const NODES_MAX = 400;
const EVIDENCE_MAX = 8;
const STALLS_MAX = 100;

const BARE = {
  fsType: null,
  source: null,
  mountId: null,
  state: null,
  comm: null,
  pids: [],
  root: false,
  unseen: null,
};

export class Graph {
  readonly #nodes = new Map<string, MapNode>();
  readonly #edges = new Map<string, MapEdge>();
  readonly #byConnection = new Map<number, MapNode>();
  /** Nodes that there was no room for. */
  left = 0;

  get nodes(): MapNode[] {
    return [...this.#nodes.values()];
  }

  get edges(): MapEdge[] {
    return [...this.#edges.values()];
  }

  get(id: string): MapNode | null {
    return this.#nodes.get(id) ?? null;
  }

  addMount(mount: MapMount, unseen: string | null): MapNode | null {
    const { id, daemon, fsType, source, state } = mount;
    const node = this.#add(mountKey(id), 'mount', mount.mount, {
      fsType,
      source,
      state,
      mountId: id,
      pids: daemon ? [daemon.pid] : [],
      comm: daemon?.comm ?? null,
      unseen,
    });
    if (node && mount.connection !== null) this.#byConnection.set(mount.connection, node);
    return node;
  }

  /** The mount of GET /api/mounts that an entry of a mount table shows, or null. */
  mountOf(entry: MountEntry): MapNode | null {
    if (!isFuse(entry) && entry.fsType !== 'virtiofs') return null;
    return this.#byConnection.get(entry.device) ?? null;
  }

  /** What an entry of a mount table shows: one node for a file system, wherever it is bound to. */
  shownBy(entry: MountEntry, entries: readonly MountEntry[]): MapNode | null {
    const mount = this.mountOf(entry);
    if (mount) return mount;
    const { device, fsType, source } = entry;
    const key = `device ${device}`;
    const known = this.get(key);
    if (known) return known;
    const whole = entries.filter((one) => one.device === device && one.root === '/');
    const name = whole.toSorted((a, b) => a.mountpoint.length - b.mountpoint.length)[0] ?? entry;
    return this.#add(key, 'backing', name.mountpoint, { fsType, source });
  }

  peer(name: string): MapNode | null {
    return this.#add(`peer ${name}`, 'peer', name);
  }

  device(name: string): MapNode | null {
    const known = this.nodes.find((one) => one.kind === 'backing' && one.source === name);
    return known ?? this.#add(`device ${name}`, 'device', name);
  }

  /** Processes of one name are one node. */
  caller(comm: string | null, pid: number | null): MapNode | null {
    const name = comm ?? (pid === null ? 'someone' : `process ${pid}`);
    const node = this.#add(`caller ${name}`, 'caller', name);
    if (node && pid !== null && !node.pids.includes(pid)) node.pids.push(pid);
    return node;
  }

  depend(from: MapNode, to: MapNode, reason: 'on' | 'serves', evidence: string): void {
    const { evidence: known } = this.#edge(from, to, reason);
    if (!known.includes(evidence) && known.length < EVIDENCE_MAX) known.push(evidence);
  }

  /** @param stall told once for each edge, and of several the oldest first */
  wait(from: MapNode, to: MapNode, stall: MapStall, evidence: string | null): void {
    const edge = this.#edge(from, to, 'waits');
    edge.count++;
    edge.oldestMs = Math.max(edge.oldestMs ?? 0, stall.ageMs);
    edge.sinceUs = Math.min(edge.sinceUs ?? Number.POSITIVE_INFINITY, stall.span.startUs);
    if (edge.stallIds.length < STALLS_MAX) edge.stallIds.push(stall.id);
    if (evidence !== null && !edge.evidence.includes(evidence) && edge.evidence.length < EVIDENCE_MAX)
      edge.evidence.push(evidence);
  }

  /** Whom a mount was told to talk to, where that is one only. */
  onlyPeerOf(node: MapNode): MapNode | null {
    const served = this.edges.filter((one) => one.from === node.id && one.reason === 'serves');
    const peers = served.flatMap(({ to }) => this.get(to) ?? []).filter((one) => one.kind === 'peer');
    return peers.length === 1 ? (peers[0] ?? null) : null;
  }

  #edge(from: MapNode, to: MapNode, reason: MapEdge['reason']): MapEdge {
    const key = JSON.stringify([from.id, to.id, reason]);
    const known = this.#edges.get(key);
    if (known) return known;
    const none = { evidence: [], stallIds: [], count: 0, oldestMs: null, sinceUs: null };
    const edge: MapEdge = { from: from.id, to: to.id, reason, ...none };
    this.#edges.set(key, edge);
    return edge;
  }

  #add(id: string, kind: MapNode['kind'], name: string, more: Partial<MapNode> = {}): MapNode | null {
    const known = this.#nodes.get(id);
    if (known) return known;
    if (this.#nodes.size >= NODES_MAX) {
      this.left++;
      return null;
    }
    const node: MapNode = { id, kind, name, ...BARE, pids: [], ...more };
    this.#nodes.set(id, node);
    return node;
  }
}

export const mountKey = (id: number) => `mount ${id}`;
