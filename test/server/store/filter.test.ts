import Database from 'better-sqlite3';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FilterCompiler } from '../../../server/store/filter-sql.ts';
import type { Filter } from '../../../shared/filter/ast.ts';
import { compileFilter } from '../../../shared/filter/compile.ts';
import { parse } from '../../../shared/filter/parse.ts';
import { print } from '../../../shared/filter/print.ts';
import type { Span } from '../../../shared/span.ts';
import { spans as anySpan, filters } from '../../shared/arbitrary.ts';
import { exported, mount, open, span, T0, tempFile } from './helpers.ts';

function parsed(text: string): Filter {
  const read = parse(text);
  if (!read.ok) throw new Error(read.error.message);
  return read.filter;
}

function matching(spans: readonly Span[], filter: string): Span[] {
  const test = compileFilter(parsed(filter));
  return spans.filter((one) => test(one));
}

describe('a filter on stored spans', () => {
  it('lets through what the same filter lets through live', async () => {
    const store = await open(tempFile());
    store.putMount(mount(1, '/mnt/x'));
    store.putMount(mount(2, '/mnt/y'));
    const put = fc.sample(anySpan, 400).map((one, i) => ({ ...one, id: i + 1 }));
    // Called by their numbers, since nobody has named them.
    const nameless = put.filter(({ errno }) => errno !== null).slice(0, 3);
    for (const one of nameless) Object.assign(one, { op: 'op-99', errno: 201, error: 'E201' });
    for (const one of put) store.insert(one, null);
    const texts = fc.sample(filters, 400).map(print);
    const common = [
      '',
      'op:rename',
      '-op:rename',
      'errno:any',
      'errno:none',
      '-errno:any',
      'path:/a/**',
      '-path:*.tmp',
    ];
    const more = [
      'state:open dur:>1s',
      'dur:<1s',
      '-dur:>1ms',
      'a',
      '"/a b"',
      '-enoent',
      'e20',
      '-e20',
      'op-99',
      'mount:/mnt/y',
      'size:>4k',
      'fh:0',
    ];
    for (const text of [...common, ...more, ...texts]) {
      const { items } = await store.spans({ filter: text, limit: 10_000 });
      const ids = items.map((one) => one.id).sort((a, b) => a - b);
      expect([text, ids]).toEqual([text, matching(put, text).map((one) => one.id)]);
    }
  });

  it('finds few names among few and among many, many names, and names that came since it was compiled', async () => {
    const file = tempFile();
    const store = await open(file);
    store.putMount(mount(1, '/mnt/x'));
    let id = 0;
    const put: Span[] = [];
    const add = (path: string, more: Partial<Span> = {}) => {
      const one = span(++id, { path, ...more });
      put.push(one);
      store.insert(one, null);
    };
    const texts = ['path:/f/7', '-path:/f/*', 'needle', '-needle', 'comm:needle', 'comm:n*'];
    const check = async () => {
      await store.settled();
      for (const text of texts) {
        const { items } = await store.spans({ filter: text, limit: 10_000, order: 'start:asc' });
        const expected = matching(put, text).slice(0, 10_000);
        expect([text, items.map((one) => one.id)]).toEqual([text, expected.map((one) => one.id)]);
      }
    };
    add('/needle');
    add('/other', { comm: 'needle' });
    add('/other', { newPath: '/to/needle', op: 'rename' });
    for (let i = 0; i < 500; i++) add(`/f/${i}`);
    await check();

    // What is compiled now lists the names that there are now.
    const [db, names] = [new Database(file), new Database(file)];
    const compiler = new FilterCompiler(db, names);
    const asked = texts.map((text) => [text, compiler.compile(parsed(text), 0)] as const);
    add('/a/needle/more');
    add('/f/7', { comm: 'need' });
    add('/g/7', { comm: 'needless' });
    await store.settled();
    for (const [text, { sql, params }] of asked) {
      const ids = db
        .prepare(`SELECT s.id FROM spans s WHERE ${sql} ORDER BY s.id`)
        .pluck()
        .all(...params);
      expect([text, ids]).toEqual([text, matching(put, text).map((one) => one.id)]);
    }
    expect(asked[0]?.[1].sql).toMatch(/path_id = \d+ OR/);
    for (const one of [db, names]) one.close();
    await check();

    for (let i = 0; i < 3_000; i++) add(`/many/needle/${i}`);
    await check();
    for (let i = 0; i < 42_000; i++) add(`/g/${i}`);
    await check();
  });

  it('says where it is wrong', async () => {
    const store = await open(tempFile());
    const wrong = { code: 'FUSESCOPE_FILTER', message: 'filter, at 5: "10mss" is no duration. Try 10ms.' };
    await expect(store.spans({ filter: 'dur:>10mss' })).rejects.toMatchObject(wrong);
    await expect(store.latency({ filter: 'dur:>10mss' })).rejects.toMatchObject(wrong);
    await expect(exported(store, 'dur:>10mss')).rejects.toMatchObject(wrong);
  });
});

describe('pages', () => {
  const many = Array.from({ length: 6_000 }, (_, i) => {
    // In disorder, and many with the same start.
    const place = (i * 7_919) % 6_000;
    return span(i + 1, { startUs: T0 + Math.floor(place / 3), durationNs: (place % 50) * 1_000, pid: i % 2 });
  });
  const byStart = many.toSorted((a, b) => a.startUs - b.startUs || a.id - b.id).map((one) => one.id);

  async function everyPage(
    order: 'start:desc' | 'start:asc' | 'duration:desc',
    filter: string,
    arriving: boolean,
  ) {
    const store = await open(tempFile());
    for (const one of many) store.insert(one, null);
    const ids: number[] = [];
    let cursor: string | undefined;
    let next = 10_000;
    do {
      const page = await store.spans({
        order,
        filter,
        limit: 700,
        ...(cursor === undefined ? {} : { cursor }),
      });
      expect(page.items.length).toBeLessThanOrEqual(700);
      ids.push(...page.items.map((one) => one.id));
      cursor = page.nextCursor ?? undefined;
      // Newer than everything: never on a later page of newest first.
      if (arriving) store.insert(span(next++, { startUs: T0 + 1e6 }), null);
    } while (cursor !== undefined);
    return ids;
  }

  it('hold every span once, in order of start and id', async () => {
    expect(await everyPage('start:asc', '', false)).toEqual(byStart);
    expect(await everyPage('start:desc', '', true)).toEqual(byStart.toReversed());
    const even = new Set(many.filter((one) => one.pid === 0).map((one) => one.id));
    expect(await everyPage('start:desc', 'pid:0', true)).toEqual(
      byStart.toReversed().filter((id) => even.has(id)),
    );
  });

  it('hold every span once, longest first', async () => {
    const expected = many
      .toSorted((a, b) => (b.durationNs ?? 0) - (a.durationNs ?? 0) || b.id - a.id)
      .map((one) => one.id);
    expect(await everyPage('duration:desc', '', false)).toEqual(expected);
  });

  it('hold a range with both its ends', async () => {
    const store = await open(tempFile());
    for (const one of many) store.insert(one, null);
    const [from, to] = [T0 + 10, T0 + 20];
    const inside = byStart.filter((id) => {
      const start = many[id - 1]?.startUs ?? 0;
      return start >= from && start <= to;
    });
    const range = { from: String(from), to: String(to), limit: 10_000 };
    expect((await store.spans({ ...range, order: 'start:asc' })).items.map((one) => one.id)).toEqual(inside);
    expect((await store.spans(range)).items.map((one) => one.id)).toEqual(inside.toReversed());
    expect((await store.spans({ ...range, order: 'duration:desc' })).items).toHaveLength(inside.length);
    // An export holds what was in flight in it, also what began before.
    const alive = byStart.filter((id) => {
      const { startUs = 0, durationNs = null } = many[id - 1] ?? {};
      return startUs <= to && startUs + (durationNs ?? Number.POSITIVE_INFINITY) / 1e3 >= from;
    });
    expect(alive.length).toBeGreaterThan(inside.length);
    expect((await exported(store, '', { fromUs: from, toUs: to })).map((one) => one.id)).toEqual(alive);
  });

  it('refuse a cursor of another order, and times that are none', async () => {
    const store = await open(tempFile());
    await expect(store.spans({ cursor: 'asc.1.1' })).rejects.toMatchObject({ code: 'FUSESCOPE_CURSOR' });
    await expect(store.spans({ cursor: 'x' })).rejects.toMatchObject({ code: 'FUSESCOPE_CURSOR' });
    await expect(store.stalls(null, 1, 'x')).rejects.toMatchObject({ code: 'FUSESCOPE_CURSOR' });
    await expect(store.spans({ from: 'yesterday' })).rejects.toMatchObject({ code: 'FUSESCOPE_TIME' });
    await expect(store.spans({ from: '2', to: '1' })).rejects.toMatchObject({ code: 'FUSESCOPE_TIME' });
  });
});

describe('an export', () => {
  it('gives all spans in order of start, in pieces, but none that came after it began', async () => {
    const store = await open(tempFile());
    for (let id = 1; id <= 20_000; id++) store.insert(span(id), null);
    const ask = { format: 'ndjson', filter: 'op:read', fromUs: null, toUs: null, version: '0' } as const;
    let text = '';
    let pieces = 0;
    let share = 0;
    for await (const piece of store.export(ask)) {
      text += Buffer.from(piece.bytes).toString();
      pieces++;
      expect(piece.share).toBeGreaterThanOrEqual(share);
      share = piece.share;
      store.insert(span(20_000 + pieces), null);
    }
    const ids = text
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as Span).id);
    expect(ids).toEqual(Array.from({ length: 20_000 }, (_, i) => i + 1));
    expect(pieces).toBeGreaterThan(1);
  });

  it('can be left at any time, and no more than eight run at once', async () => {
    const store = await open(tempFile());
    for (let id = 1; id <= 10_000; id++) store.insert(span(id), null);
    const ask = { format: 'csv', filter: '', fromUs: null, toUs: null, version: '0' } as const;
    const running = Array.from({ length: 8 }, () => store.export(ask));
    for (const one of running) expect((await one.next()).done).toBe(false);
    await expect(store.export(ask).next()).rejects.toMatchObject({ code: 'FUSESCOPE_BUSY' });
    await running[0]?.return(undefined);
    expect(await exported(store)).toHaveLength(10_000);
    for (const one of running) await one.return(undefined);
  });
});

it('a page of what is rare ends when it is asked to, and its cursor goes on to what is there', async () => {
  const store = await open(tempFile());
  store.putMount(mount(1, '/mnt/x'));
  for (let id = 1; id <= 30_000; id++)
    store.insert(span(id, { comm: id === 7 || id === 29_000 ? 'rare' : 'usual' }), null);
  await store.settled();
  const found: number[] = [];
  let pages = 0;
  for (let cursor: string | undefined; ; ) {
    const ask = { filter: 'comm:rare', limit: 10, withinMs: 1 };
    const page = await store.spans(cursor === undefined ? ask : { ...ask, cursor });
    pages++;
    found.push(...page.items.map((one) => one.id));
    if (page.nextCursor === null) break;
    cursor = page.nextCursor;
  }
  expect(found).toEqual([29_000, 7]);
  expect(pages).toBeGreaterThan(1);
});
