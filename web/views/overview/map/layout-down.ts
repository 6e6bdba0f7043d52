// Where everything of the map is drawn on a narrow page, in px: one row for each node, users above what they use, and
// lines in a gutter at the left. Whatever waits has its age at its right end. Pure.
import type { MapEdge, MapNode, MountMap } from '../../../../shared/mount-map.ts';
import { foldCallers } from './callers.ts';
import { drawnEdges, HEAD, headAt, type Line, type MapLayout } from './drawing.ts';
import { pairOf, rank } from './ranks.ts';

const HIGH = 40;
const STEP = 48;
const LANE = 12;
const LANES_MAX = 6;
/** There is always room for so many lines of those who only wait. */
const WAITING_LANES = 2;
/** Of the corners of a line. */
const CORNER = 6;
/** Lines leave a row below its middle and reach it above. */
const PORT = 7;
/** There is always room for so many, so that mounts stay where they are when somebody waits. */
const CALLERS = 2;
const LABEL = 84;

export function layoutDown(whole: MountMap, room: number): MapLayout {
  const map = foldCallers(whole, CALLERS);
  const rows = rowsOf(map);
  const edges = drawnEdges(map.edges).filter(({ from, to }) => rows.has(from) && rows.has(to));
  const lanes = lanesOf(whole.edges, edges, rows);
  const gutter = LANE * (1 + lanes.count);
  const waiting = Map.groupBy(
    edges.filter(({ reason }) => reason === 'waits'),
    ({ from }) => from,
  );
  const nodes = map.nodes.flatMap((node) => {
    const row = rows.get(node.id);
    if (row === undefined) return [];
    const inset = LABEL * (waiting.get(node.id)?.length ?? 0);
    return { node, x: gutter, y: row * STEP, width: room - gutter, height: HIGH, inset };
  });
  const lines = edges.map((edge): Line => {
    const waits = edge.reason === 'waits';
    const from = (rows.get(edge.from) ?? 0) * STEP + HIGH / 2 + PORT;
    const to = (rows.get(edge.to) ?? 0) * STEP + HIGH / 2 - PORT;
    const x = gutter - LANE * (lanes.of.get(pairOf(edge)) ?? 1);
    const place = waiting.get(edge.from)?.indexOf(edge) ?? 0;
    return {
      edge,
      d: bracket(gutter, x, from, to, waits ? HEAD : 0),
      head: waits ? headAt([gutter, to], 1) : null,
      label: waits ? { x: room - LABEL * (place + 0.5), y: from - PORT } : null,
    };
  });
  const height = Math.max(CALLERS, ...[...rows.values()].map((row) => row + 1)) * STEP - (STEP - HIGH);
  return { width: room, height, nodes, lines, heads: { callers: gutter, mounts: gutter, below: null } };
}

/** The row of each node: callers first, then column by column. */
function rowsOf({ nodes, edges }: MountMap): Map<string, number> {
  const rows = new Map<string, number>();
  const callers = nodes.filter(({ kind }) => kind === 'caller');
  for (const [i, { id }] of callers.entries()) rows.set(id, i);
  const slots = rank(nodes, edges).columns.flat();
  const others = slots.flatMap(({ node }): MapNode[] => (node ? [node] : []));
  for (const [i, { id }] of others.entries()) rows.set(id, CALLERS + i);
  return rows;
}

interface Lanes {
  /** By the key of `pairOf`, from 1 next to the rows. */
  of: Map<string, number>;
  /** How many there is room for, whoever waits. */
  count: number;
}

/** Short lines inside, long ones outside. Those to one node share a lane; what only waits takes what is free. */
function lanesOf(
  all: readonly MapEdge[],
  edges: readonly MapEdge[],
  rows: ReadonlyMap<string, number>,
): Lanes {
  const still = new Set(all.filter(({ reason }) => reason !== 'waits').map(pairOf));
  const of = new Map<string, number>();
  const taken: [top: number, bottom: number][][] = [];
  const reach = (group: readonly MapEdge[]): [number, number] => {
    const ends = group.flatMap(({ from, to }) => [rows.get(from) ?? 0, rows.get(to) ?? 0]);
    return [Math.min(...ends), Math.max(...ends)];
  };
  const take = (groups: Iterable<MapEdge[]>, max: number) => {
    const lengths = [...groups].map((group) => ({ group, reach: reach(group) }));
    lengths.sort((a, b) => a.reach[1] - a.reach[0] - (b.reach[1] - b.reach[0]) || a.reach[0] - b.reach[0]);
    for (const {
      group,
      reach: [top, bottom],
    } of lengths) {
      const isFree = (lane: [number, number][]) => lane.every(([from, to]) => to < top || from > bottom);
      const free = taken.findIndex(isFree);
      const lane = Math.min(free < 0 ? taken.length : free, max - 1);
      taken[lane] = [...(taken[lane] ?? []), [top, bottom]];
      for (const edge of group) of.set(pairOf(edge), lane + 1);
    }
  };
  const isStill = (edge: MapEdge) => still.has(pairOf(edge));
  take(Map.groupBy(edges.filter(isStill), ({ to }) => to).values(), LANES_MAX);
  const count = taken.length + WAITING_LANES;
  take(
    Map.groupBy(
      edges.filter((edge) => !isStill(edge)),
      ({ to }) => to,
    ).values(),
    count,
  );
  return { of, count };
}

/** From a row to the left, up or down, and to the right again. */
function bracket(right: number, x: number, from: number, to: number, head: number): string {
  const way = to > from ? 1 : -1;
  const corner = Math.min(CORNER, Math.abs(to - from) / 2, right - x);
  return [
    `M${right} ${from}H${x + corner}`,
    `Q${x} ${from} ${x} ${from + way * corner}`,
    `V${to - way * corner}`,
    `Q${x} ${to} ${x + corner} ${to}`,
    `H${right - head}`,
  ].join('');
}
