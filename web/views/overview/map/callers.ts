// Who only waits: as many as there is room for, the rest as one. Pure.
import type { MapEdge, MapNode, MountMap } from '../../../../shared/mount-map.ts';

const MORE = 'caller more';

/** The map with at most `max` nodes for callers, those that have waited longest. */
export function foldCallers(map: MountMap, max: number): MountMap {
  const since = new Map<string, number>();
  for (const { from, sinceUs } of map.edges)
    since.set(
      from,
      Math.min(since.get(from) ?? Number.POSITIVE_INFINITY, sinceUs ?? Number.POSITIVE_INFINITY),
    );
  const callers = map.nodes
    .filter(({ kind }) => kind === 'caller')
    .toSorted((a, b) => (since.get(a.id) ?? 0) - (since.get(b.id) ?? 0) || (a.id < b.id ? -1 : 1));
  if (callers.length <= max) return map;
  const folded = new Set(callers.slice(max - 1).map(({ id }) => id));
  const pids = callers.slice(max - 1).flatMap((one) => one.pids);
  const more: MapNode = { ...(callers[0] as MapNode), id: MORE, name: `${folded.size} more`, pids };
  const nodes = [...map.nodes.filter(({ id }) => !folded.has(id)), more];
  const edges = map.edges.filter(({ from }) => !folded.has(from));
  return { ...map, nodes, edges: [...edges, ...joined(map.edges.filter(({ from }) => folded.has(from)))] };
}

/** Edges of several callers as one for each mount that they wait for. */
function joined(edges: readonly MapEdge[]): MapEdge[] {
  return [...Map.groupBy(edges, ({ to }) => to)].map(([to, same]) => {
    const oldest = same.toSorted((a, b) => (a.sinceUs ?? 0) - (b.sinceUs ?? 0));
    return {
      ...(oldest[0] as MapEdge),
      from: MORE,
      to,
      evidence: [...new Set(same.flatMap(({ evidence }) => evidence))],
      stallIds: oldest.flatMap(({ stallIds }) => stallIds),
      count: same.reduce((sum, { count }) => sum + count, 0),
    };
  });
}
