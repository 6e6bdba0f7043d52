// Who waits for whom, by the chains of open stalls: from the caller over the mounts to what is at the end.
import type { Culprit, Link } from '../../../shared/diagnosis.ts';
import type { MapNode } from '../../../shared/mount-map.ts';
import type { MapFacts, MapStall } from './facts.ts';
import { type Graph, mountKey } from './graph.ts';

/** Stalls that are drawn in. */
const STALLS_MAX = 2_000;

export function addWaits(graph: Graph, facts: MapFacts): void {
  const oldest = facts.stalls.toSorted((a, b) => b.ageMs - a.ageMs || a.id - b.id).slice(0, STALLS_MAX);
  const daemons = daemonNodes(graph, facts);
  for (const stall of oldest) addStall(graph, facts, daemons, stall);
}

/** Mounts by the process that answers for them. */
function daemonNodes(graph: Graph, { mounts }: MapFacts): Map<number, MapNode> {
  const found = new Map<number, MapNode>();
  for (const { id, daemon } of mounts) {
    const node = graph.get(mountKey(id));
    if (daemon && node && !found.has(daemon.pid)) found.set(daemon.pid, node);
  }
  return found;
}

interface Step {
  node: MapNode;
  /** How it waits for the next one. */
  via: string | null;
}

function addStall(
  graph: Graph,
  facts: MapFacts,
  daemons: ReadonlyMap<number, MapNode>,
  stall: MapStall,
): void {
  const { span, chain, cycle, cause } = stall;
  const mountNode = (id: number | null) =>
    id === null ? null : graph.get(mountKey(facts.shownAs.get(id) ?? id));
  const asked = mountNode(span.mountId);
  if (!asked) return;
  const caller = (span.pid === null ? undefined : daemons.get(span.pid)) ?? graph.caller(span.comm, span.pid);
  const steps: Step[] = caller ? [{ node: caller, via: span.op }] : [];
  const places: (MapNode | null)[] = [caller];
  let at = asked;
  for (const link of chain.slice(1)) {
    const node = link.role === 'cause' ? endOf(graph, at, link, cause?.culprit) : mountNode(link.mountId);
    places.push(node);
    if (!node) continue;
    // A helper of a daemon is part of its mount.
    if (node !== steps.at(-1)?.node || steps.length === 1) steps.push({ node, via: link.via });
    if (node.kind === 'mount') at = node;
  }
  if (chain.length <= 1) steps.push({ node: asked, via: null });
  const told = new Set<string>();
  // A chain that closes may come by an edge again.
  const wait = (from: MapNode, to: MapNode, evidence: string | null) => {
    const key = JSON.stringify([from.id, to.id]);
    if (!told.has(key)) graph.wait(from, to, stall, evidence);
    told.add(key);
  };
  for (const [i, { node, via }] of steps.entries()) {
    const next = steps[i + 1]?.node;
    if (next) wait(node, next, via === null ? null : `waits in ${via}`);
  }
  const last = steps.at(-1)?.node;
  if (!last) return;
  const closes = cycle === null ? null : (places[cycle] ?? null);
  if (closes) wait(last, closes, 'waits for it in turn');
  // Where nobody has looked yet, the end is not known.
  if (chain.length > 1) last.root = true;
}

/** What is at the end of a chain, where that is something to draw: an address, a disk. */
function endOf(graph: Graph, from: MapNode, { name }: Link, culprit: Culprit | undefined): MapNode | null {
  if (culprit?.kind === 'disk' || name.startsWith('/dev/')) return graph.device(name);
  // What stands for a fault, or for nothing that has a name, is told by the stall.
  if (culprit?.kind === 'fault' || culprit?.kind === 'none' || name === '') return null;
  return graph.get(`peer ${name}`) ?? graph.onlyPeerOf(from) ?? graph.peer(name);
}
