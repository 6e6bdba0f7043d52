// From facts to the map of mounts: what lies on what, what serves what, who waits for whom. Pure.
import type { MountMap } from '../../../shared/mount-map.ts';
import type { MapFacts } from './facts.ts';
import { Graph } from './graph.ts';
import { addStanding, addTable } from './standing.ts';
import { addWaits } from './waits.ts';

/** Nodes that nothing joins are left out, but for mounts. */
export function mountMap(facts: MapFacts): MountMap {
  const graph = new Graph();
  const { mounts, unseen } = facts;
  // All of them first: what one stands on may be another.
  for (const mount of mounts) graph.addMount(mount, unseenOf(mount.daemon, unseen));
  addTable(graph, facts);
  for (const mount of mounts) {
    const node = graph.get(`mount ${mount.id}`);
    if (node) addStanding(graph, node, mount, facts);
  }
  addWaits(graph, facts);
  const { edges } = graph;
  const joined = new Set(edges.flatMap(({ from, to }) => [from, to]));
  const nodes = graph.nodes.filter(({ id, kind }) => kind === 'mount' || joined.has(id));
  return { takenUs: facts.takenUs, nodes, edges, limits: limitsOf(facts, graph.left) };
}

function unseenOf(daemon: { pid: number } | null, unseen: MapFacts['unseen']): string | null {
  return daemon ? (unseen.get(daemon.pid) ?? null) : 'no process that may be seen answers for it';
}

/** What the map does not know, in sentence parts; daemons that are unknown for one reason are one of them. */
function limitsOf({ unseen, mounts }: MapFacts, left: number): string[] {
  const limits: string[] = [];
  for (const why of new Set(unseen.values())) {
    const of = mounts.filter(({ daemon }) => daemon && unseen.get(daemon.pid) === why);
    const names = of.slice(0, 3).map(({ daemon }) => `${daemon?.comm ?? 'process'} ${daemon?.pid}`);
    const more = of.length > names.length ? ` and ${of.length - names.length} more` : '';
    if (of.length > 0) limits.push(`which files ${names.join(', ')}${more} have open: ${why}`);
  }
  const alone = mounts.filter(({ daemon }) => daemon === null);
  if (alone.length > 0)
    limits.push(
      `what serves ${alone
        .slice(0, 3)
        .map(({ mount }) => mount)
        .join(
          ', ',
        )}${alone.length > 3 ? ` and ${alone.length - 3} more` : ''}: no process that may be seen holds its device`,
    );
  if (left > 0) limits.push(`${left} further file systems and processes: there are too many to draw`);
  return limits;
}
