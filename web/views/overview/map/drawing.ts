// The map as it is drawn, however it is laid out, and what both layouts draw alike. Pure.
import type { MapEdge, MapNode } from '../../../../shared/mount-map.ts';
import { pairOf } from './ranks.ts';

export interface Placed {
  node: MapNode;
  x: number;
  y: number;
  width: number;
  height: number;
  /** Room to be left free at its right. */
  inset: number;
}

export interface Line {
  edge: MapEdge;
  /** Path data. */
  d: string;
  /** Path data of its head, where it waits. */
  head: string | null;
  /** Middle of its age, where it waits. */
  label: { x: number; y: number } | null;
}

export interface MapLayout {
  width: number;
  height: number;
  nodes: Placed[];
  lines: Line[];
  /** Where the columns of callers, mounts and of what they stand on begin; the last is null where there is no such. */
  heads: { callers: number; mounts: number; below: number | null };
}

/** Length of the head of a line, px. */
export const HEAD = 7;

/** Path data of a head with its tip at a point. @param way 1 points to the right, -1 to the left */
export function headAt([x, y]: readonly [number, number], way: 1 | -1): string {
  return `M${x - way * HEAD} ${y - 4.5}L${x} ${y}L${x - way * HEAD} ${y + 4.5}Z`;
}

/** One line for each two nodes: where somebody waits, that is what is drawn; then where files come from. */
export function drawnEdges(edges: readonly MapEdge[]): MapEdge[] {
  const order = { waits: 0, serves: 1, on: 2 };
  const drawn = new Map<string, MapEdge>();
  for (const edge of edges) {
    const other = drawn.get(pairOf(edge));
    if (!other || order[edge.reason] < order[other.reason]) drawn.set(pairOf(edge), edge);
  }
  return [...drawn.values()];
}
