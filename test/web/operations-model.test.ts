import { beforeEach, expect, test, vi } from 'vitest';
import type { SpanList } from '../../shared/api.ts';
import { blankSpan, type Span } from '../../shared/span.ts';
import { OperationsModel } from '../../web/views/operations/model.ts';
import type { PageAsk } from '../../web/views/operations/pages.ts';

const NOW = 1_000_000_000;
const span = (id: number, more: Partial<Span> = {}): Span => ({
  ...blankSpan(id, 1, '/mnt', 'mirror', 'read'),
  state: 'done',
  startUs: NOW - 1_000 + id,
  durationNs: 1_000,
  ...more,
});
const batch = (spans: Span[], more: { omitted?: number; open?: Span[] } = {}) => ({
  type: 'batch' as const,
  nowUs: NOW,
  spans,
  omitted: more.omitted ?? 0,
  open: more.open ?? [],
});
const ids = (model: OperationsModel) => Array.from({ length: model.length }, (_, i) => model.at(i)?.id);
const live = { filter: '', range: null, order: 'start:desc' as const, compare: null };
const settled = () => new Promise((done) => setImmediate(done));

let pages: SpanList[];
let asked: PageAsk[];
let openThen: Span[];
/** Everything is on the screen as soon as it is there, unless a test says otherwise. */
class Painted extends OperationsModel {
  override reading(reason: string, on: boolean): void {
    this.paintedNow();
    super.reading(reason, on);
  }
}
const model = (capacity = 4) =>
  new Painted({
    capacity,
    nowUs: () => NOW,
    fetchOpen: async () => openThen,
    fetchPage: async (ask) => {
      asked.push(ask);
      return pages.shift() ?? { items: [], nextCursor: null };
    },
  });
beforeEach(() => {
  pages = [];
  asked = [];
  openThen = [];
});

test('rows are what just ended, newest first, above what the store had', async () => {
  pages = [{ items: [span(2), span(1)], nextCursor: null }];
  const rows = model();
  rows.begin(live);
  await settled();
  rows.take(batch([span(3), span(4)]));
  expect(ids(rows)).toEqual([4, 3, 2, 1]);
});

test('a span that the store and the feed both tell of stands there once', async () => {
  pages = [{ items: [span(2), span(1)], nextCursor: null }];
  const rows = model();
  rows.begin(live);
  rows.take(batch([span(2)]));
  await settled();
  rows.take(batch([span(1)]));
  expect(ids(rows)).toEqual([1, 2]);
});

test('what ended between the store’s answer and the first word of the feed is asked for', async () => {
  pages = [
    { items: [span(1)], nextCursor: null },
    { items: [span(3), span(2), span(1)], nextCursor: null },
  ];
  const rows = model();
  rows.begin(live);
  await settled();
  rows.take(batch([span(3)]));
  await settled();
  expect(ids(rows)).toEqual([3, 2, 1]);
  expect(asked[1]?.range).toEqual({ fromUs: NOW - 1e6, toUs: null });
  rows.take(batch([span(4)]));
  expect(asked).toHaveLength(2);
});

test('rows stand still while someone reads, and what comes is counted', async () => {
  const rows = model(8);
  rows.begin(live);
  await settled();
  rows.take(batch([span(1)]));
  rows.reading('pointer', true);
  rows.take(batch([span(2), span(3)], { omitted: 5 }));
  expect(ids(rows)).toEqual([1]);
  expect(rows.held).toEqual({ count: 7, storeOnly: 5 });
  rows.reading('pointer', false);
  expect(ids(rows)).toEqual([3, 2, 1]);
  expect(rows.held.count).toBe(0);
});

test('rows follow only when the last reason to stand still is gone', () => {
  const rows = model();
  rows.begin(live);
  rows.take(batch([span(1)]));
  rows.reading('pointer', true);
  rows.reading('pause', true);
  rows.reading('pointer', false);
  rows.take(batch([span(2)]));
  expect(ids(rows)).toEqual([1]);
  rows.follow();
  expect(ids(rows)).toEqual([2, 1]);
});

test('what is held beyond the bound is told to be in the store only', () => {
  const rows = model(4);
  rows.begin(live);
  rows.reading('pause', true);
  for (let id = 1; id <= 10; id++) rows.take(batch([span(id)]));
  expect(rows.held).toEqual({ count: 10, storeOnly: 6 });
});

test('reading on at the end appends what is older, without what is there already', async () => {
  const rows = model();
  rows.begin(live);
  await settled();
  rows.take(batch([span(5), span(6)]));
  rows.reading('scroll', true);
  pages = [
    { items: [span(5), span(4)], nextCursor: 'next' },
    { items: [span(3)], nextCursor: null },
  ];
  await rows.loadOlder();
  await rows.loadOlder();
  await rows.loadOlder();
  expect(ids(rows)).toEqual([6, 5, 4, 3]);
  const older = asked.slice(1).filter(({ range }) => range.fromUs === null);
  expect(older.map((ask) => ask.cursor)).toEqual([null, 'next']);
  expect(rows.exhausted).toBe(true);
});

test('a range is asked for with its ends and its order, and takes nothing live', async () => {
  pages = [{ items: [span(2), span(1)], nextCursor: null }];
  const rows = model();
  rows.begin({ filter: 'op:read', range: { fromUs: 5, toUs: 9 }, order: 'duration:desc', compare: null });
  await settled();
  rows.take(batch([span(3)]));
  expect(ids(rows)).toEqual([2, 1]);
  expect(asked).toMatchObject([{ filter: 'op:read', range: { fromUs: 5, toUs: 9 }, order: 'duration:desc' }]);
});

test('an order of one’s own is that of everything the range gave, and says where that was not all', async () => {
  const many = Array.from({ length: 9_998 }, (_, i) => span(10 + i));
  pages = [
    { items: [span(2), span(3)], nextCursor: 'on' },
    { items: many, nextCursor: 'more' },
  ];
  const rows = model();
  rows.begin({ ...live, range: { fromUs: 5, toUs: 9 }, compare: (a, b) => b.id - a.id });
  await settled();
  await rows.loadOlder();
  expect([rows.at(0)?.id, rows.at(9_999)?.id, rows.length]).toEqual([10_007, 2, 10_000]);
  expect(asked.map((one) => [one.limit, one.cursor])).toEqual([
    [10_000, null],
    [9_998, 'on'],
  ]);
  expect(rows.unsorted).toBe(true);
});

test('first rows are asked for at once, the others with more patience until there are enough', async () => {
  pages = [
    { items: [], nextCursor: 'a' },
    { items: [span(9)], nextCursor: 'b' },
    { items: [span(1)], nextCursor: null },
  ];
  const rows = model();
  rows.begin(live);
  await settled();
  expect(ids(rows)).toEqual([9, 1]);
  expect(asked.map((one) => [one.cursor, one.withinMs])).toEqual([
    [null, 20],
    ['a', 40],
    ['b', 80],
  ]);
  expect(rows.loading).toBe(false);
});

test('a screenful first; once that is painted, what is missed and the others are asked for', async () => {
  const many = Array.from({ length: 60 }, (_, i) => span(1_000 - i));
  pages = [{ items: many, nextCursor: 'a' }];
  let painted = () => {};
  const told: number[] = [];
  const rows = new OperationsModel({
    nowUs: () => NOW,
    fetchPage: async (ask) => {
      asked.push(ask);
      return pages.shift() ?? { items: [], nextCursor: null };
    },
    painted: () =>
      new Promise((done) => {
        const before = painted;
        painted = () => {
          before();
          done();
        };
      }),
  });
  rows.onPage(() => told.push(rows.length));
  rows.begin(live);
  expect(rows.isAboutToBe).toBe(true);
  rows.take(batch([]));
  await settled();
  expect([asked.map((one) => one.limit), told, rows.isAboutToBe]).toEqual([[60], [60], false]);
  painted();
  await settled();
  expect(asked.slice(1).map((one) => [one.limit, one.cursor, one.range.toUs])).toEqual([
    [200, null, null],
    [140, 'a', NOW],
  ]);
});

test('an answer that comes after the filter has changed is not shown', async () => {
  const answers: ((page: SpanList) => void)[] = [];
  const rows = new OperationsModel({
    nowUs: () => NOW,
    fetchPage: () => new Promise((answer) => answers.push(answer)),
  });
  rows.begin(live);
  rows.begin({ ...live, filter: 'op:write' });
  answers[0]?.({ items: [span(1)], nextCursor: null });
  await settled();
  expect(rows.length).toBe(0);
});

test('an error is kept until someone asks again', async () => {
  const fetchPage = vi.fn(async (): Promise<SpanList> => ({ items: [span(1)], nextCursor: null }));
  fetchPage.mockRejectedValueOnce(new Error('no answer'));
  const rows = new OperationsModel({ nowUs: () => NOW, fetchPage });
  rows.begin(live);
  await settled();
  expect(rows.error?.message).toBe('no answer');
  rows.retry();
  await settled();
  expect([rows.error, ids(rows)]).toEqual([null, [1]]);
});

test('long open operations are pinned, and leave their place only while nobody reads', () => {
  const rows = model();
  const old = span(1, { state: 'open', startUs: NOW - 2e6, durationNs: null });
  const young = span(2, { state: 'open', startUs: NOW - 2e5, durationNs: null });
  rows.begin(live);
  rows.take(batch([], { open: [young, old] }));
  expect(rows.pinned.map((p) => p.id)).toEqual([1]);
  rows.reading('pointer', true);
  rows.take(batch([], { open: [] }));
  expect([rows.pinned.length, rows.isOpen(1)]).toEqual([1, false]);
  rows.reading('pointer', false);
  expect(rows.pinned).toEqual([]);
});

test('what is not on the screen yet does not push away what someone begins to read', () => {
  const rows = new OperationsModel({
    nowUs: () => NOW,
    fetchPage: async () => ({ items: [], nextCursor: null }),
  });
  rows.begin(live);
  rows.take(batch([span(1), span(2)]));
  rows.paintedNow();
  rows.take(batch([span(3)]));
  rows.reading('pointer', true);
  expect(ids(rows)).toEqual([2, 1]);
  expect(rows.held.count).toBe(1);
});

test('of a range, as of a recording, what is still open is pinned above the rows and not among them', async () => {
  const hung = span(1, { state: 'open', durationNs: null, startUs: NOW - 9e6 });
  const young = span(2, { state: 'open', durationNs: null, startUs: NOW - 1_000 });
  openThen = [hung, young];
  pages = [{ items: [span(3), young, hung], nextCursor: null }];
  const rows = model();
  rows.begin({ ...live, range: { fromUs: NOW - 10e6, toUs: NOW } });
  await settled();
  expect(rows.pinned.map(({ id }) => id)).toEqual([1]);
  expect(ids(rows)).toEqual([3, 2]);
  expect(rows.isOpen(1)).toBe(true);
  openThen = [];
  rows.begin({ ...live, range: { fromUs: 5, toUs: 9 } });
  await settled();
  expect(rows.pinned).toEqual([]);
});
