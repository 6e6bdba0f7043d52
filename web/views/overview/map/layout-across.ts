// Where everything of the map is drawn on a wide page, in px: columns from left to right. The same map and room give the
// same picture, and a stall moves no mount. Pure.
import type { MapEdge, MountMap } from '../../../../shared/mount-map.ts';
import { foldCallers } from './callers.ts';
import { drawnEdges, HEAD, headAt, type Line, type MapLayout } from './drawing.ts';
import { pairOf, type Ranked, rank } from './ranks.ts';

interface Sizes {
  node: number;
  gap: number;
}

const CALLERS = 132;
const HIGH = 40;
const BETWEEN = 10;
const LANE = 10;
/** Between the middles of two ages. */
const LABELS = 25;
const MIN_ROWS = 2;
const LABEL_HALF = 36;

/** @param room px that the picture may be wide; it is wider where the map does not fit */
export function layoutAcross(whole: MountMap, room: number): MapLayout {
  const ranked = rank(whole.nodes, whole.edges);
  const count = ranked.columns.length - 1;
  const sizes = sizesFor(room, count);
  const places = new Map<string, Box>();
  const least = MIN_ROWS * HIGH + (MIN_ROWS - 1) * BETWEEN;
  const height = Math.max(placeColumns(ranked, whole.edges, sizes, places), least);
  const map = foldCallers(whole, Math.floor((height + BETWEEN) / (HIGH + BETWEEN)));
  placeCallers(map, height, places);
  const nodes = map.nodes.flatMap((node) => {
    const box = places.get(node.id);
    return box ? { node, ...box, inset: 0 } : [];
  });
  const lines = linesOf(map, ranked, places, sizes);
  spread(lines, height);
  // A line that goes around the last column reaches beyond it.
  const beyond = lines.map(({ label }) => (label ? label.x + LABEL_HALF : 0));
  const first = CALLERS + sizes.gap;
  const last = first + (count - 1) * (sizes.node + sizes.gap);
  const below = count > 1 && ranked.columns[count]?.some(({ node }) => node && node.kind !== 'mount');
  return {
    width: Math.max(last + sizes.node, ...beyond),
    height,
    nodes,
    lines,
    heads: { callers: 0, mounts: first, below: below ? last : null },
  };
}

function sizesFor(room: number, columns: number): Sizes {
  const each = (room - CALLERS) / Math.max(1, columns);
  const node = Math.min(300, Math.max(156, each - 112));
  return { node, gap: Math.min(280, Math.max(88, each - node)) };
}

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

const middle = ({ y, height }: Box) => y + height / 2;

/** @returns how far down they reach */
function placeColumns(
  { columns, ways }: Ranked,
  edges: readonly MapEdge[],
  { node: width, gap }: Sizes,
  places: Map<string, Box>,
): number {
  const users = new Map<string, string[]>();
  for (const edge of edges.filter(({ reason }) => reason !== 'waits')) {
    const stops = [edge.from, ...(ways.get(pairOf(edge)) ?? []).map(({ id }) => id), edge.to];
    for (const [i, id] of stops.slice(1).entries()) users.set(id, [...(users.get(id) ?? []), stops[i] ?? '']);
  }
  let bottom = 0;
  for (const [at, column] of columns.entries()) {
    const x = CALLERS + gap + (at - 1) * (width + gap);
    const boxes = column.map(({ node }) => ({ x, y: 0, width, height: node ? HIGH : LANE }));
    const wished = column.map(({ id }, i) => {
      const by = (users.get(id) ?? []).flatMap((one) => places.get(one) ?? []);
      const mean = by.reduce((sum, one) => sum + middle(one), 0) / by.length;
      return by.length === 0 ? null : mean - (boxes[i]?.height ?? 0) / 2;
    });
    stack(boxes, wished);
    for (const [i, { id }] of column.entries()) places.set(id, boxes[i] as Box);
    for (const { y, height } of boxes) bottom = Math.max(bottom, y + height);
  }
  return bottom;
}

/** Each as near to where it is wished as those before it allow; then all of them back by what that has cost, on average. */
function stack(boxes: Box[], wished: readonly (number | null)[]): void {
  let free = 0;
  let cost = 0;
  for (const [i, box] of boxes.entries()) {
    const wish = wished[i] ?? null;
    box.y = Math.max(free, wish ?? free);
    if (wish !== null) cost += box.y - wish;
    free = box.y + box.height + BETWEEN;
  }
  const back = Math.min(boxes[0]?.y ?? 0, cost / Math.max(1, boxes.length));
  for (const box of boxes) box.y -= back;
}

/** Each beside what it waits for, none below the end. */
function placeCallers(map: MountMap, height: number, places: Map<string, Box>): void {
  const wish = (id: string) =>
    map.edges.flatMap(({ from, to }) => (from === id ? (places.get(to) ?? []) : []))[0]?.y ?? 0;
  const callers = map.nodes
    .filter(({ kind }) => kind === 'caller')
    .map(({ id }) => ({ id, wish: wish(id) }))
    .sort((a, b) => a.wish - b.wish || (a.id < b.id ? -1 : 1));
  const boxes = callers.map(() => ({ x: 0, y: 0, width: CALLERS, height: HIGH }));
  stack(
    boxes,
    callers.map((one) => one.wish),
  );
  let end = height;
  for (const box of boxes.toReversed()) {
    box.y = Math.max(0, Math.min(box.y, end - box.height));
    end = box.y - BETWEEN;
  }
  for (const [i, { id }] of callers.entries()) places.set(id, boxes[i] as Box);
}

type Point = [x: number, y: number];

/** One line for each two nodes: where somebody waits, that is what is drawn. */
function linesOf(map: MountMap, { ways }: Ranked, places: ReadonlyMap<string, Box>, { gap }: Sizes): Line[] {
  return drawnEdges(map.edges).flatMap((edge) => {
    const from = places.get(edge.from);
    const to = places.get(edge.to);
    if (!from || !to) return [];
    const waits = edge.reason === 'waits';
    if (to.x <= from.x) return around(edge, from, to, waits);
    const way = ways.get(pairOf(edge))?.flatMap(({ id }) => places.get(id) ?? []);
    const lanes = way ?? pastBoxes(from, to, [...places.values()]);
    const start: Point = [from.x + from.width, middle(from)];
    const goal: Point = [to.x - (waits ? HEAD : 0), middle(to)];
    let d = `M${point(start)}`;
    let at = start;
    for (const lane of lanes) {
      const end: Point = [lane.x + lane.width, middle(lane)];
      d += `${bend(at, [lane.x, middle(lane)])}L${point(end)}`;
      at = end;
    }
    const first: Point = lanes[0] ? [lanes[0].x, middle(lanes[0])] : goal;
    // Lines of callers part at their beginning, others anywhere.
    const along = start[0] + (from.x === 0 ? 34 : gap / 2);
    return {
      edge,
      d: d + bend(at, goal),
      head: waits ? headAt([to.x, middle(to)], 1) : null,
      label: waits ? onBend(start, first, along) : null,
    };
  });
}

/** Where a line that has no lane passes the columns between its ends: between their boxes, as near to its end as it can. */
function pastBoxes(from: Box, to: Box, boxes: readonly Box[]): Box[] {
  const between = boxes.filter(({ x, width }) => x >= from.x + from.width && x + width <= to.x);
  const columns = [...Map.groupBy(between, ({ x }) => x).values()];
  return columns
    .map((column) => {
      const sorted = column.toSorted((a, b) => a.y - b.y);
      const ends = sorted.map(({ y, height }) => y + height + BETWEEN / 2);
      const free = [(sorted[0]?.y ?? 0) - BETWEEN / 2, ...ends];
      const near = free.toSorted((a, b) => Math.abs(a - middle(to)) - Math.abs(b - middle(to)))[0] ?? 0;
      return { x: sorted[0]?.x ?? 0, y: near, width: sorted[0]?.width ?? 0, height: 0 };
    })
    .sort((a, b) => a.x - b.x);
}

/** A circle's last line, and what waits for itself: around the right end of both. */
function around(edge: MapEdge, from: Box, to: Box, waits: boolean): Line {
  const start: Point = [from.x + from.width, middle(from) + (edge.from === edge.to ? -9 : 6)];
  const goal: Point = [to.x + to.width + (waits ? HEAD : 0), middle(to) + 9];
  const far = Math.max(start[0], goal[0]) + 44;
  return {
    edge,
    d: `M${point(start)}C${far} ${start[1]} ${far} ${goal[1]} ${point(goal)}`,
    head: waits ? headAt([to.x + to.width, goal[1]], -1) : null,
    label: waits ? { x: far - 4, y: (start[1] + goal[1]) / 2 } : null,
  };
}

const round = (value: number) => Math.round(value * 10) / 10;
const point = ([x, y]: Point) => `${round(x)} ${round(y)}`;

function bend(from: Point, to: Point): string {
  const half = (from[0] + to[0]) / 2;
  return `C${point([half, from[1]])} ${point([half, to[1]])} ${point(to)}`;
}

/** The point of a bend at this x. */
function onBend(from: Point, to: Point, x: number): { x: number; y: number } {
  const half = (from[0] + to[0]) / 2;
  let [low, high] = [0, 1];
  for (let i = 0; i < 20; i++) {
    const t = (low + high) / 2;
    const at = (1 - t) ** 3 * from[0] + 3 * t * (1 - t) * half + t ** 3 * to[0];
    if (at < x) low = t;
    else high = t;
  }
  return { x: Math.min(x, to[0]), y: round(from[1] + (to[1] - from[1]) * (3 * low ** 2 - 2 * low ** 3)) };
}

/** Ages in one gap are so far apart that each can be read, and none is below the end. */
function spread(lines: readonly Line[], height: number): void {
  const labels = lines.flatMap(({ label }) => label ?? []);
  for (const gap of Map.groupBy(labels, ({ x }) => Math.round(x)).values()) {
    gap.sort((a, b) => a.y - b.y);
    let free = Number.NEGATIVE_INFINITY;
    for (const label of gap) {
      label.y = Math.max(label.y, free);
      free = label.y + LABELS;
    }
    let end = height - LABELS / 2;
    for (const label of gap.toReversed()) {
      label.y = Math.max(LABELS / 2, Math.min(label.y, end));
      end = label.y - LABELS;
    }
  }
}
