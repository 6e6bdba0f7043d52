import { statSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { BatchWriter } from '../../../server/store/batch-writer.ts';
import { Encoder } from '../../../server/store/encoder.ts';
import { openDatabase } from '../../../server/store/open.ts';
import type { Span } from '../../../shared/span.ts';
import { cleanUp, span, tempFile } from './helpers.ts';

/** The writer without its thread, and with a clock of its own. */
function writerOf(file: string, limits: { maxBytes: number; maxAgeS: number }, nowS = 1_000_000) {
  const { db } = openDatabase(file);
  cleanUp(() => void db.close());
  const writer = new BatchWriter(db, limits);
  const found = writer.found(null);
  const encoder = new Encoder({ ...found, epochS: 100, nowS });
  const rest = {
    mounts: [],
    rollups: [],
    seconds: [],
    stalls: [],
    snapshots: [],
    gaps: [],
    audit: [],
    seqs: [],
    settings: [],
  };
  const write = (spans: readonly Span[], atS: number) => {
    encoder.renewEpoch(atS);
    for (const one of spans) encoder.add(one, 'a', true);
    writer.write([{ number: 1, ...encoder.take(), ...rest }], atS);
  };
  const tidy = (atS: number) => {
    let steps = 1;
    while (writer.tidy(atS)) steps++;
    return steps;
  };
  const ids = () => db.prepare('SELECT id FROM spans ORDER BY id').pluck().all() as number[];
  const count = (table: string) => db.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number;
  return { db, writer, write, tidy, ids, count };
}

const some = (from: number, to: number, fields: (id: number) => Partial<Span> = () => ({})) =>
  Array.from({ length: to - from }, (_, i) => span(from + i, { path: `/p${from + i}`, ...fields(from + i) }));

describe('retention by age', () => {
  it('lets go of what was stored too long ago, with its names, whatever time the spans tell', () => {
    const { write, tidy, ids, count, writer } = writerOf(tempFile(), { maxBytes: 1e9, maxAgeS: 1_000 });
    write(
      some(1, 11, () => ({ startUs: 5 })),
      1_000_000,
    );
    write(some(11, 21), 1_000_200);
    tidy(1_000_900);
    expect(ids()).toHaveLength(20);
    write(
      some(21, 31, () => ({ startUs: 5 })),
      1_000_600,
    );
    tidy(1_001_250);
    expect(ids()).toEqual(some(11, 31).map((one) => one.id));
    expect(count('paths')).toBe(20);
    expect(writer.facts().spans).toBe(20);
    tidy(1_001_700);
    expect(ids()).toEqual(some(21, 31).map((one) => one.id));
    expect(count('paths')).toBe(10);
  });

  it('keeps open spans and their names, and lets go of them once they have ended', () => {
    const { write, tidy, ids, db } = writerOf(tempFile(), { maxBytes: 1e9, maxAgeS: 1_000 });
    const hung = span(3, { state: 'open', durationNs: null, errno: null, path: '/hung', comm: 'ls' });
    write([...some(1, 3), hung, ...some(4, 10)], 1_000_000);
    write(some(10, 20), 1_000_500);
    write(some(20, 30), 1_001_600);
    tidy(1_002_700);
    expect(ids()).toEqual([3, ...some(20, 30).map((one) => one.id)]);
    expect(db.prepare('SELECT path, comm FROM operations WHERE id = 3').get()).toEqual({
      path: '/hung',
      comm: 'ls',
    });
    expect(db.prepare('SELECT instance FROM instances').pluck().all()).toEqual(['a']);

    write([{ ...hung, state: 'done', durationNs: 1e12, errno: 0 }], 1_002_800);
    expect(db.prepare('SELECT path, state FROM operations WHERE id = 3').get()).toEqual({
      path: '/hung',
      state: 'done',
    });
    tidy(1_002_800);
    expect(ids()).not.toContain(3);
  });

  it('never gives an id twice, also when nothing is left', () => {
    const file = tempFile();
    const { write, tidy, ids, writer } = writerOf(file, { maxBytes: 1e9, maxAgeS: 10 });
    write(some(1, 100), 1_000_000);
    write([span(500, { state: 'open', durationNs: null })], 1_000_200);
    write([{ ...span(500), path: '/x' }], 1_000_400);
    write([], 1_000_600);
    tidy(1_001_000);
    expect(ids().length).toBeLessThanOrEqual(1);
    expect(writer.found(null).nextSpanId).toBe(501);
  });
});

describe('retention by size', () => {
  it('keeps the newest within the size, in many small steps, and uses freed pages again', () => {
    const file = tempFile();
    const maxBytes = 8e6;
    const { write, tidy, ids, writer } = writerOf(file, { maxBytes, maxAgeS: 1e6 });
    let id = 1;
    for (let round = 0; round < 20; round++) {
      write(some(id, id + 10_000), 1_000_000 + round * 200);
      id += 10_000;
      tidy(1_000_000 + round * 200);
      expect(writer.facts().sizeBytes).toBeLessThanOrEqual(maxBytes);
    }
    const left = ids();
    expect(left.at(-1)).toBe(id - 1);
    expect(left.length).toBeGreaterThan(20_000);
    expect(left).toEqual(Array.from({ length: left.length }, (_, i) => id - left.length + i));
    expect(writer.facts().spans).toBe(left.length);
    expect(statSync(file).size).toBeLessThan(maxBytes * 2);
  });

  it('makes a file smaller that is larger than it may be now', () => {
    const file = tempFile();
    const first = writerOf(file, { maxBytes: 1e9, maxAgeS: 1e6 });
    first.write(some(1, 100_001), 1_000_000);
    first.db.close();
    const { tidy, db, writer } = writerOf(file, { maxBytes: 3e6, maxAgeS: 1e6 });
    expect(tidy(1_000_001)).toBeGreaterThan(10);
    db.pragma('wal_checkpoint(TRUNCATE)');
    expect(writer.facts().sizeBytes).toBeLessThanOrEqual(3e6);
    expect(statSync(file).size).toBeLessThan(14e6);
    const check = new Sqlite(file, { readonly: true });
    expect(check.pragma('integrity_check', { simple: true })).toBe('ok');
    check.close();
  });
});
