// The map of mounts as it is drawn: columns, rows and lanes, what a stall may move, and what it says in words.
import { expect, test } from 'vitest';
import type { MapEdge, MapNode, MountMap } from '../../shared/mount-map.ts';
import { foldCallers } from '../../web/views/overview/map/callers.ts';
import type { MapLayout } from '../../web/views/overview/map/drawing.ts';
import { layoutAcross } from '../../web/views/overview/map/layout-across.ts';
import { layoutDown } from '../../web/views/overview/map/layout-down.ts';
import { rank } from '../../web/views/overview/map/ranks.ts';
import { aboutNode, mapSentence, nodeHref, stallHref } from '../../web/views/overview/map/words.ts';

const WIDE = 1_400;
const NARROW = 358;

function node(id: string, kind: MapNode['kind'] = 'mount', more: Partial<MapNode> = {}): MapNode {
  const none = { fsType: null, source: null, state: null, comm: null, pids: [], root: false, unseen: null };
  return { id, kind, name: id, ...none, mountId: kind === 'mount' ? 7 : null, ...more };
}

function edge(
  from: string,
  to: string,
  reason: MapEdge['reason'] = 'serves',
  more: Partial<MapEdge> = {},
): MapEdge {
  const none = { evidence: [], stallIds: [], count: 0, oldestMs: null, sinceUs: null };
  return { from, to, reason, ...none, ...more };
}

const waits = (from: string, to: string, id: number) =>
  edge(from, to, 'waits', { stallIds: [id], count: 1, sinceUs: id * 1e6, oldestMs: 1 });

const mapOf = (nodes: MapNode[], edges: MapEdge[]): MountMap => ({ takenUs: 0, nodes, edges, limits: [] });

/** pool over low and nas; low and the lonely one on the disk; inside lies on low. */
const CALM = mapOf(
  [
    node('low'),
    node('pool'),
    node('nas'),
    node('inside'),
    node('lonely'),
    node('disk', 'backing'),
    node('host', 'peer'),
  ],
  [
    edge('pool', 'low'),
    edge('pool', 'nas'),
    edge('low', 'disk'),
    edge('inside', 'low', 'on'),
    edge('inside', 'disk'),
    edge('lonely', 'disk'),
    edge('nas', 'host'),
  ],
);

const HOT = mapOf(
  [...CALM.nodes, node('cat', 'caller'), node('ls', 'caller')],
  [
    ...CALM.edges,
    waits('cat', 'nas', 1),
    waits('ls', 'pool', 2),
    waits('pool', 'nas', 3),
    waits('nas', 'host', 4),
  ],
);

const at = (layout: MapLayout, id: string) => {
  const found = layout.nodes.find((one) => one.node.id === id);
  if (!found) throw new Error(`${id} is not drawn`);
  return found;
};
const line = (layout: MapLayout, from: string, to: string) =>
  layout.lines.filter(({ edge: one }) => one.from === from && one.to === to);

function overlaps({ nodes }: MapLayout): string[] {
  return nodes.flatMap((a, i) =>
    nodes
      .slice(i + 1)
      .filter(
        (b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height,
      )
      .map((b) => `${a.node.id} ${b.node.id}`),
  );
}

test('users stand left of what they use, and what is at the bottom of all is last', () => {
  const { columns } = rank(CALM.nodes, CALM.edges);
  const names = columns.map((column) => column.flatMap((one) => one.node?.id ?? []).sort());
  expect(names).toEqual([[], ['inside', 'lonely', 'pool'], ['low', 'nas'], ['disk', 'host']]);
});

test('edges over several columns share the lane to what they lead to', () => {
  const { columns, ways } = rank(CALM.nodes, CALM.edges);
  expect(columns[2]?.filter((one) => one.node === null).map((one) => one.id)).toEqual(['lane 2 disk']);
  expect(ways.get(JSON.stringify(['inside', 'disk']))).toEqual(ways.get(JSON.stringify(['lonely', 'disk'])));
  expect(ways.get(JSON.stringify(['low', 'disk']))).toEqual([]);
});

test('nothing lies on anything else, and all of it is within the picture', () => {
  for (const layout of [layoutAcross(HOT, WIDE), layoutAcross(HOT, 700), layoutDown(HOT, NARROW)]) {
    expect(layout.nodes).toHaveLength(HOT.nodes.length);
    expect(overlaps(layout)).toEqual([]);
    for (const { x, y, width, height } of layout.nodes) {
      expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
      expect(x + width).toBeLessThanOrEqual(layout.width);
      expect(y + height).toBeLessThanOrEqual(layout.height);
    }
    for (const { d, head } of layout.lines) expect(`${d}${head}`).not.toMatch(/NaN|undefined|Infinity/);
  }
  expect(layoutAcross(HOT, WIDE).width).toBeLessThanOrEqual(WIDE);
  expect(layoutDown(HOT, NARROW).width).toBe(NARROW);
});

test('a stall moves no mount and makes nothing larger, on a wide page and on a narrow one', () => {
  for (const layout of [
    (map: MountMap) => layoutAcross(map, WIDE),
    (map: MountMap) => layoutDown(map, NARROW),
  ]) {
    const [calm, hot] = [layout(CALM), layout(HOT)];
    expect([hot.width, hot.height]).toEqual([calm.width, calm.height]);
    for (const { id } of CALM.nodes) {
      const { x, y, width, height } = at(calm, id);
      expect(at(hot, id)).toMatchObject({ x, y, width, height });
    }
  }
});

test('the order in which the server tells of things changes nothing', () => {
  const turned = mapOf(HOT.nodes.toReversed(), HOT.edges.toReversed());
  const sorted = (layout: MapLayout) =>
    layout.nodes.map(({ node: { id }, x, y }) => [id, x, y].join(' ')).sort();
  expect(sorted(layoutAcross(turned, WIDE))).toEqual(sorted(layoutAcross(HOT, WIDE)));
});

test('whoever waits for what is columns away is drawn past the boxes between, and all ages are in the picture', () => {
  const many = Array.from({ length: 5 }, (_, i) => waits(`c${i}`, 'nas', 10 + i));
  const crowd = mapOf(
    [...HOT.nodes, ...many.map(({ from }) => node(from, 'caller'))],
    [...HOT.edges, ...many],
  );
  for (const layout of [layoutAcross(HOT, WIDE), layoutAcross(crowd, WIDE)]) {
    const past = layout.lines.find(({ edge: one }) => one.to === 'nas' && at(layout, one.from).x === 0);
    const level =
      /([\d.-]+) ([\d.-]+)L([\d.-]+) ([\d.-]+)/
        .exec(past?.d ?? '')
        ?.slice(1)
        .map(Number) ?? [];
    const [fromX = Number.NaN, y = Number.NaN, toX = Number.NaN, toY] = level;
    expect(toY).toBe(y);
    const column = layout.nodes.filter(({ x }) => x > fromX - 1 && x < toX);
    expect(column.length).toBeGreaterThan(0);
    for (const box of column) expect(y < box.y || y > box.y + box.height).toBe(true);
    for (const { label } of layout.lines) if (label) expect(label.y).toBeLessThanOrEqual(layout.height - 12);
  }
});

test('two nodes have one line, the one that waits; only those have a head and an age', () => {
  const layout = layoutAcross(HOT, WIDE);
  expect(line(layout, 'pool', 'nas').map((one) => one.edge.reason)).toEqual(['waits']);
  expect(line(layout, 'pool', 'low')[0]).toMatchObject({ head: null, label: null });
  const label = line(layout, 'pool', 'nas')[0]?.label;
  expect(label?.x).toBeGreaterThan(at(layout, 'pool').x + at(layout, 'pool').width);
  expect(label?.x).toBeLessThan(at(layout, 'nas').x);
});

test('ages in one gap are apart', () => {
  const callers = ['a', 'b', 'c'];
  const map = mapOf(
    [...CALM.nodes, ...callers.map((id) => node(id, 'caller'))],
    [...CALM.edges, ...callers.map((id, i) => waits(id, 'pool', i + 1))],
  );
  const ages = layoutAcross(map, WIDE)
    .lines.flatMap(({ label }) => label?.y ?? [])
    .sort((a, b) => a - b);
  expect(ages).toHaveLength(3);
  for (const [i, y] of ages.slice(1).entries()) expect(y - (ages[i] ?? 0)).toBeGreaterThanOrEqual(24);
});

test('a circle is drawn, back around the end, and so is one that waits for itself', () => {
  const map = mapOf(
    [node('a'), node('b'), node('c')],
    [edge('a', 'b'), waits('a', 'b', 1), waits('b', 'a', 2), waits('c', 'c', 3)],
  );
  for (const layout of [layoutAcross(map, WIDE), layoutDown(map, NARROW)]) {
    expect(layout.nodes).toHaveLength(3);
    expect(layout.lines).toHaveLength(3);
    expect(layout.lines.every(({ head, label }) => head !== null && label !== null)).toBe(true);
    for (const { label } of layout.lines) expect(label?.x).toBeLessThanOrEqual(layout.width);
  }
});

test('callers beyond the room are one, which waits since the first of them', () => {
  const many = Array.from({ length: 9 }, (_, i) => `c${i}`);
  const map = mapOf(
    [...CALM.nodes, ...many.map((id, i) => node(id, 'caller', { pids: [i] }))],
    [...CALM.edges, ...many.map((id, i) => waits(id, i % 2 === 0 ? 'pool' : 'nas', i + 1))],
  );
  const folded = foldCallers(map, 3);
  const callers = folded.nodes.filter(({ kind }) => kind === 'caller');
  expect(callers.map(({ name }) => name)).toEqual(['c0', 'c1', '7 more']);
  expect(callers[2]?.pids).toEqual([2, 3, 4, 5, 6, 7, 8]);
  expect(folded.edges.filter(({ from }) => from === callers[2]?.id)).toMatchObject([
    { to: 'pool', count: 4, stallIds: [3, 5, 7, 9], sinceUs: 3e6 },
    { to: 'nas', count: 3, stallIds: [4, 6, 8], sinceUs: 4e6 },
  ]);
  expect(foldCallers(map, 9)).toBe(map);
  expect(layoutDown(map, NARROW).height).toBe(layoutDown(CALM, NARROW).height);
  expect(layoutAcross(map, WIDE).height).toBe(layoutAcross(CALM, WIDE).height);
});

test('a hundred mounts and a map without edges are drawn too', () => {
  const names = Array.from({ length: 100 }, (_, i) => `m${i}`);
  const large = mapOf(
    [...names.map((id) => node(id)), node('disk', 'backing')],
    names.map((id, i) => edge(id, names[i + 7] ?? 'disk')),
  );
  expect(overlaps(layoutAcross(large, WIDE))).toEqual([]);
  expect(overlaps(layoutDown(large, NARROW))).toEqual([]);
  expect(layoutAcross(mapOf([], []), WIDE).nodes).toEqual([]);
  expect(layoutDown(mapOf([], []), NARROW).nodes).toEqual([]);
});

test('words are safe to show, and lead to operations and to the oldest stall', () => {
  const hostile = node('x', 'mount', { name: '/mnt/a\u202e"b', comm: 'd\n', pids: [4], unseen: 'for root' });
  expect(aboutNode(hostile)).toBe('d\\n 4 · not looked into');
  expect(aboutNode(node('c', 'caller', { pids: [1, 2] }))).toBe('2 processes');
  expect(nodeHref(hostile)).toContain('/operations?filter=');
  expect(new URL(nodeHref(node('c', 'caller')) ?? '', 'http://x').searchParams.get('filter')).toBe(
    'comm:c state:open',
  );
  expect(nodeHref(node('d', 'backing'))).toBeNull();
  expect(stallHref(waits('a', 'b', 12))).toBe('/stalls/12');
  expect(mapSentence(mapOf([hostile, node('y')], [waits('x', 'y', 1)]))).toBe('/mnt/a\\u202e"b waits for y.');
  expect(mapSentence(CALM)).toContain('nobody waits');
});
