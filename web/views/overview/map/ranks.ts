// In which column each node of the map stands, and in which order: users to the left of what they use. By what stands on
// what alone wherever that tells, so that a stall moves nothing. Pure.
import type { MapEdge, MapNode } from '../../../../shared/mount-map.ts';

/** A node's place, or a lane through which an edge passes a column on its way to `to`. */
export interface Slot {
  id: string;
  node: MapNode | null;
  rank: number;
}

export interface Ranked {
  /** By rank, in order; 0 is for those who only wait, and is not filled here. */
  columns: Slot[][];
  /** Slots that an edge comes by between its ends, by the key of `pairOf`. */
  ways: Map<string, Slot[]>;
}

type Pair = Pick<MapEdge, 'from' | 'to'>;

export const pairOf = ({ from, to }: Pair): string => JSON.stringify([from, to]);

const ROUNDS = 4;

export function rank(nodes: readonly MapNode[], edges: readonly MapEdge[]): Ranked {
  const all = nodes.filter(({ kind }) => kind !== 'caller').toSorted(byName);
  const ids = new Set(all.map(({ id }) => id));
  const joins = edges
    .filter(({ from, to }) => from !== to && ids.has(from) && ids.has(to))
    .toSorted((a, b) => Number(a.reason === 'waits') - Number(b.reason === 'waits'));
  const ranks = ranksOf(all, joins);
  const still = joins.filter(({ reason }) => reason !== 'waits');
  const slots = new Map<string, Slot>();
  for (const node of all) slots.set(node.id, { id: node.id, node, rank: ranks.get(node.id) ?? 1 });
  const ways = waysOf(slots, still);
  const last = Math.max(0, ...ranks.values());
  const columns = Array.from({ length: last + 1 }, (_, at) =>
    [...slots.values()].filter((one) => one.rank === at),
  );
  order(columns, stepsOf(slots, still, ways));
  return { columns, ways };
}

const byName = (a: MapNode, b: MapNode) => a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1);

/** The longest way from a user, from 1. What others stand on and stands on nothing goes to the last column. */
function ranksOf(nodes: readonly MapNode[], joins: readonly Pair[]): Map<string, number> {
  const next = new Map<string, string[]>(nodes.map(({ id }) => [id, []]));
  for (const { from, to } of joins) next.get(from)?.push(to);
  const used = new Set(joins.map(({ to }) => to));
  const done: string[] = [];
  const seen = new Set<string>();
  const onWay = new Set<string>();
  const forward: Pair[] = [];
  const visit = (id: string) => {
    seen.add(id);
    onWay.add(id);
    for (const to of new Set(next.get(id))) {
      // A circle has no left and no right: it is cut where it closes.
      if (onWay.has(to)) continue;
      forward.push({ from: id, to });
      if (!seen.has(to)) visit(to);
    }
    onWay.delete(id);
    done.unshift(id);
  };
  const users = nodes.toSorted((a, b) => Number(used.has(a.id)) - Number(used.has(b.id)));
  for (const { id } of users) if (!seen.has(id)) visit(id);
  const ranks = new Map<string, number>();
  for (const id of done) {
    const before = forward.filter(({ to }) => to === id).map(({ from }) => ranks.get(from) ?? 0);
    ranks.set(id, 1 + Math.max(0, ...before));
  }
  const last = Math.max(1, ...ranks.values());
  for (const { id, kind } of nodes)
    if (kind !== 'mount' && used.has(id) && next.get(id)?.length === 0) ranks.set(id, last);
  return ranks;
}

/** Edges to one node share the lane through a column. */
function waysOf(slots: Map<string, Slot>, joins: readonly Pair[]): Map<string, Slot[]> {
  const ways = new Map<string, Slot[]>();
  for (const pair of joins) {
    const from = slots.get(pair.from)?.rank ?? 0;
    const to = slots.get(pair.to)?.rank ?? 0;
    const way: Slot[] = [];
    for (let at = from + 1; at < to; at++) {
      const id = `lane ${at} ${pair.to}`;
      const lane = slots.get(id) ?? { id, node: null, rank: at };
      slots.set(id, lane);
      way.push(lane);
    }
    ways.set(pairOf(pair), way);
  }
  return ways;
}

/** From each slot to the next ones on the ways. */
function stepsOf(
  slots: ReadonlyMap<string, Slot>,
  joins: readonly Pair[],
  ways: ReadonlyMap<string, Slot[]>,
): [Slot, Slot][] {
  return joins.flatMap((pair) => {
    const ends = [slots.get(pair.from), ...(ways.get(pairOf(pair)) ?? []), slots.get(pair.to)];
    const whole = ends.filter((one) => one !== undefined);
    return whole.slice(1).map((to, i): [Slot, Slot] => [whole[i] ?? to, to]);
  });
}

/** Sorts each column by the middle of what it is joined with, to and fro: fewer lines cross. */
function order(columns: Slot[][], steps: readonly [Slot, Slot][]): void {
  const sweep = (column: Slot[], beside: readonly Slot[] | undefined, end: 0 | 1) => {
    if (!beside) return;
    const at = new Map(beside.map((one, i) => [one.id, i]));
    const middle = new Map(
      column.map((slot, i) => {
        const joined = steps
          .filter((step) => step[end].id === slot.id)
          .flatMap((step) => at.get(step[1 - end]?.id ?? '') ?? []);
        return [slot.id, joined.length === 0 ? i : joined.reduce((sum, one) => sum + one, 0) / joined.length];
      }),
    );
    column.sort((a, b) => (middle.get(a.id) ?? 0) - (middle.get(b.id) ?? 0));
  };
  for (let round = 0; round < ROUNDS; round++) {
    for (let at = 2; at < columns.length; at++) sweep(columns[at] ?? [], columns[at - 1], 1);
    for (let at = columns.length - 2; at >= 1; at--) sweep(columns[at] ?? [], columns[at + 1], 0);
  }
}
