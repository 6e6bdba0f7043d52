// Reads the tiers of latency: whole hours where a range has them, minutes and seconds at its ends. What is older
// than the seconds that are kept is answered by whole minutes.
import type { Database, Statement } from 'better-sqlite3';
import type { Filter } from '../../shared/filter/ast.ts';
import { compilePatterns, opsOf } from '../../shared/filter/compile.ts';
import { opCode, opName } from '../../shared/ops.ts';
import { asksForSource, kernelTwins, type Twin } from '../mounts/twins.ts';
import { STEPS_S } from './rollup-writer.ts';

export interface StoredRollup {
  atS: number;
  mountId: number;
  op: string;
  count: number;
  errors: number;
  sumNs: number;
  minNs: number;
  maxNs: number;
  histogram: Uint8Array;
}

/** Which rows a filter lets through; null stands for all. */
export interface RollupFilter {
  mountIds: Set<number> | null;
  ops: Set<string> | null;
  /** Mounts left out, and the second from which they count; null: never. */
  before: ReadonlyMap<number, number | null>;
}

/** A stretch of one tier, in seconds since the epoch, the end not in it. */
interface Stretch {
  step: number;
  fromS: number;
  toS: number;
}

type Raw = [number, number, number, number, number, number, number, number, Uint8Array];

export class RollupReader {
  private readonly db: Database;
  private readonly oldest: Statement<[number], number | null>;
  private readonly newest: Statement<[number], number | null>;
  private readonly mounts: Statement<[], Twin>;

  constructor(db: Database) {
    this.db = db;
    this.oldest = db.prepare('SELECT min(at_s) FROM rollups WHERE step_s = ?').pluck() as Statement<
      [number],
      number | null
    >;
    this.newest = db.prepare('SELECT max(at_s) FROM rollups WHERE step_s = ?').pluck() as Statement<
      [number],
      number | null
    >;
    this.mounts = db.prepare('SELECT id, host, mount, kind, connection, gone_us AS goneUs FROM mounts');
  }

  /** The filter in terms of rollups; null where it asks for what they do not tell. */
  filter(filter: Filter): RollupFilter | null {
    let ops: Set<string> | null = null;
    let mountIds: Set<number> | null = null;
    const mounts = this.mounts.all();
    const twins = asksForSource(filter) ? [] : [...kernelTwins(mounts)];
    const before = new Map(
      twins.map(([id, untilUs]) => [id, untilUs === null ? null : Math.ceil(untilUs / 1e6)]),
    );
    for (const term of filter.terms) {
      if (term.kind === 'op') {
        const named = opsOf(term.values);
        // Operations without a name cannot be listed, so "all but" is left to the spans.
        if (term.negated) return null;
        ops = both(ops, named);
      } else if (term.kind === 'source' || (term.kind === 'glob' && term.key === 'mount')) {
        const matches =
          term.kind === 'glob'
            ? compilePatterns('mount', term.values)
            : (kind: string) => term.values.some((v) => v === kind);
        const ids = mounts
          .filter((mount) => matches(term.kind === 'glob' ? mount.mount : mount.kind) !== term.negated)
          .map(({ id }) => id);
        const set = new Set(ids);
        mountIds = both(mountIds, set);
      } else return null;
    }
    return { ops, mountIds, before };
  }

  /** The range as rollups can answer it, in whole seconds or, where those are gone, minutes. Null: there are none. */
  cover(fromUs: number | null, toUs: number | null): { fromS: number; toS: number } | null {
    const [oldestHour, newestSecond, newestMinute] = [
      this.oldest.get(3_600) ?? null,
      this.newest.get(1) ?? null,
      this.newest.get(60) ?? null,
    ];
    if (oldestHour === null || newestMinute === null) return null;
    const newest = Math.max(newestSecond ?? 0, newestSecond === null ? newestMinute + 59 : 0, newestMinute);
    const wantedFrom = fromUs === null ? oldestHour : Math.floor(fromUs / 1e6);
    const wantedTo = toUs === null ? newest + 1 : Math.ceil(toUs / 1e6);
    const secondsFrom = this.secondsFrom();
    const fromS = wantedFrom < secondsFrom ? Math.floor(wantedFrom / 60) * 60 : wantedFrom;
    const toS = wantedTo < secondsFrom ? Math.ceil(wantedTo / 60) * 60 : wantedTo;
    return { fromS, toS: Math.max(toS, fromS) };
  }

  /** From this second on every second is kept. */
  secondsFrom(): number {
    const oldestSecond = this.oldest.get(1) ?? null;
    const oldestMinute = this.oldest.get(60) ?? null;
    if (oldestSecond === null) return Number.MAX_SAFE_INTEGER;
    // Nothing was let go of yet.
    if (oldestMinute !== null && oldestSecond < oldestMinute + 60) return 0;
    return Math.ceil(oldestSecond / 60) * 60;
  }

  /** Rows of a range that `cover` gave; `maxStepS` keeps them fine enough for the columns of a heat map. */
  *rows(fromS: number, toS: number, filter: RollupFilter, maxStepS = 3_600): Generator<StoredRollup> {
    const where: string[] = [];
    if (filter.mountIds) where.push(`mount_id IN (${[...filter.mountIds].join(',')})`);
    if (filter.ops) where.push(`op IN (${[...filter.ops].map(opCode).join(',')})`);
    for (const [id, fromS] of filter.before)
      where.push(fromS === null ? `mount_id <> ${id}` : `(mount_id <> ${id} OR at_s >= ${fromS})`);
    const statement = this.db
      .prepare(
        `SELECT at_s, mount_id, op, count, errors, sum_ns, min_ns, max_ns, histogram FROM rollups
         WHERE step_s = ? AND at_s >= ? AND at_s < ? ${where.map((one) => `AND ${one}`).join(' ')}`,
      )
      .raw();
    for (const { step, fromS: from, toS: to } of stretches(fromS, toS, maxStepS)) {
      for (const row of statement.iterate(step, from, to) as IterableIterator<Raw>) {
        yield {
          atS: row[0],
          mountId: row[1],
          op: opName(row[2]),
          count: row[3],
          errors: row[4],
          sumNs: row[5],
          minNs: row[6],
          maxNs: row[7],
          histogram: row[8],
        };
      }
    }
  }
}

function both<T>(a: Set<T> | null, b: Set<T>): Set<T> {
  return a === null ? b : new Set([...a].filter((one) => b.has(one)));
}

/** The fewest stretches of the coarsest tiers that make up a range exactly. */
export function stretches(fromS: number, toS: number, maxStepS: number): Stretch[] {
  const usable = STEPS_S.filter((step) => step <= maxStepS).toReversed();
  const split = (from: number, to: number, steps: readonly number[]): Stretch[] => {
    const [step, ...finer] = steps;
    if (step === undefined || from >= to) return [];
    const first = Math.ceil(from / step) * step;
    const last = Math.floor(to / step) * step;
    if (first >= last) return split(from, to, finer);
    return [...split(from, first, finer), { step, fromS: first, toS: last }, ...split(last, to, finer)];
  };
  return split(fromS, toS, usable);
}
