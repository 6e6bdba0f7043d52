// A filter as a condition of SQL over the table `spans s`. Numbers are compared by SQLite; names (path, comm, free
// text) by the very matcher that the page uses, called through a function and remembered by dictionary id, so that
// stored and live spans are never judged differently. Nothing of a filter's text enters the SQL. What SQLite can judge
// by itself stands first in a condition: a call per row costs more than all else of it. Where a filter means few names of
// few, their ids are listed and no row needs a call, except those with names that are newer than the list.
import type { Database, Statement } from 'better-sqlite3';
import { ERRNO_NAMES, errnoName, errnoNumber } from '../../shared/errno.ts';
import type { ExactKey, Filter, NumberKey, NumberRange, Term } from '../../shared/filter/ast.ts';
import { compilePatterns, compileText, opsOf } from '../../shared/filter/compile.ts';
import type { Matcher } from '../../shared/filter/glob.ts';
import { OPS, opCode, opName } from '../../shared/ops.ts';
import { SOURCE_KINDS, SPAN_STATES } from '../../shared/span.ts';
import { asksForSource, kernelTwins, type Twin } from '../mounts/twins.ts';
import { type Listed, NameCache } from './name-cache.ts';

/** Answers remembered for all terms; after that it forgets them and begins again. */
const MAX_REMEMBERED = 500_000;
/** Terms of filters that are in use or were lately. */
const MAX_TERMS = 1_000;

const COLUMNS: Readonly<Record<NumberKey | ExactKey, string>> = {
  dur: 's.duration_ns',
  queue: 's.queue_ns',
  // Decimal text above 2^53.
  size: 'CAST(s.size AS NUMERIC)',
  bytes: 's.bytes',
  pid: 's.pid',
  tid: 's.tid',
  uid: 's.uid',
  gid: 's.gid',
  id: 's.id',
  fh: 's.fh',
  nodeid: 's.nodeid',
  unique: 's.request_unique',
};

export interface FilterSql {
  /** A condition; `1` for the empty filter. */
  sql: string;
  /** Strings for its `?`s, in order. */
  params: string[];
}

interface Lookup {
  key: string;
  matches: Matcher;
  remembered: Map<number, boolean>;
  listed: Listed | null;
}

/** Builds conditions for one connection, to which it adds the functions that they call. */
export class FilterCompiler {
  private readonly lookups = new Map<number, Lookup>();
  private readonly mounts: Statement<[], Twin>;
  private readonly path: NameCache;
  private readonly comm: NameCache;
  /** Numbers of the lookups by what they ask: the next page of a filter knows what the one before found out. */
  private readonly numbers = new Map<string, number>();
  private nextLookup = 1;
  private remembered = 0;

  /** `names` is a second connection to the same file: the first may not be asked while it runs a statement. */
  constructor(db: Database, names: Database) {
    this.mounts = db.prepare('SELECT id, host, mount, kind, connection, gone_us AS goneUs FROM mounts');
    this.path = new NameCache(names, 'paths', 'path');
    this.comm = new NameCache(names, 'comms', 'comm');
    const by = (cache: NameCache) => (term: number, id: number | null) => this.holds(term, id, cache.of);
    db.function('path_matches', by(this.path));
    db.function('comm_matches', by(this.comm));
    db.function('op_matches', (term: number, op: number) => this.holds(term, op, opName));
    db.function('errno_matches', (term: number, errno: number) =>
      this.holds(term, errno, (number) => errnoName(number) ?? undefined),
    );
  }

  /** Shows each operation once. `nowUs` is what the age of open spans is measured against. */
  compile(filter: Filter, nowUs: number): FilterSql {
    const { sql, params } = this.compileAll(filter, nowUs);
    const twins = asksForSource(filter) ? [] : [...kernelTwins(this.mounts.all())];
    const once = twins.map(([id, untilUs]) =>
      untilUs === null
        ? `s.mount_id <> ${id} AND `
        : `(s.mount_id <> ${id} OR s.start_ns >= ${untilUs} * 1000) AND `,
    );
    return { sql: once.join('') + sql, params };
  }

  /** The same with what both a mirror and the kernel tell of. */
  compileAll(filter: Filter, nowUs: number): FilterSql {
    const params: string[] = [];
    const cheapFirst = filter.terms.toSorted((a, b) => costOf(a) - costOf(b));
    const terms = cheapFirst.map((term) => {
      const sql = this.positive(term, nowUs, params);
      return term.negated ? `(${sql}) IS NOT TRUE` : `(${sql})`;
    });
    return { sql: terms.length === 0 ? '1' : terms.join(' AND '), params };
  }

  private positive(term: Term, nowUs: number, params: string[]): string {
    switch (term.kind) {
      case 'op':
        return isIn('s.op', [...opsOf(term.values)].map(opCode));
      case 'errno': {
        const numbers = term.values.map((value) => (value === 'none' ? 0 : value));
        const listed = isIn(
          's.errno',
          numbers.filter((value) => typeof value === 'number'),
        );
        return term.values.includes('any') ? `${listed} OR s.errno <> 0` : listed;
      }
      case 'source':
        return isIn(
          's.source',
          term.values.map((value) => SOURCE_KINDS.indexOf(value)),
        );
      case 'state':
        return isIn(
          's.state',
          term.values.map((value) => SPAN_STATES.indexOf(value)),
        );
      case 'number': {
        const column = COLUMNS[term.key];
        const ranges = term.values.map((range) => inRange(column, range));
        return term.key === 'dur'
          ? [...ranges, ...openRanges(term.values, nowUs)].join(' OR ')
          : ranges.join(' OR ');
      }
      case 'exact':
        params.push(...term.values);
        return `CAST(${COLUMNS[term.key]} AS TEXT) IN (${term.values.map(() => '?').join(',')})`;
      case 'glob':
        return this.glob(term.key, term.values);
      case 'text':
        return this.text(term.text);
    }
  }

  private glob(key: 'path' | 'comm' | 'mount', patterns: readonly string[]): string {
    const matches = compilePatterns(key, patterns);
    if (key === 'mount') {
      const ids = this.mounts.all().filter(({ mount }) => matches(mount));
      return isIn(
        's.mount_id',
        ids.map(({ id }) => id),
      );
    }
    const lookup = this.lookup([key, ...patterns], matches);
    return key === 'comm' ? this.byComm(lookup) : this.byPath(lookup);
  }

  private text(text: string): string {
    const matches = compileText(text);
    const ops = OPS.filter(({ name }) => matches(name)).map(({ code }) => code);
    const errnos = ERRNO_NAMES.filter((name) => matches(name)).map((name) => errnoNumber(name) ?? 0);
    // One memory for each kind of id.
    const memory = (kind: string) => this.lookup(['text', kind, text], matches);
    const [op, errno] = [memory('op'), memory('errno')];
    return (
      `${isIn('s.op', ops)} OR ${isIn('s.errno', errnos)} OR (${isNotKnown} AND op_matches(${op}, s.op)) OR ` +
      `(${hasNoName} AND errno_matches(${errno}, s.errno)) OR ` +
      `${this.byComm(memory('comm'))} OR ${this.byPath(memory('path'))}`
    );
  }

  private byPath(lookup: number): string {
    const of = this.byName(lookup, this.path, 'path_matches');
    return `${of('s.path_id')} OR ${of('s.new_path_id')}`;
  }

  private byComm(lookup: number): string {
    return this.byName(lookup, this.comm, 'comm_matches')('s.comm_id');
  }

  /** Whether the name of a column's id is meant. */
  private byName(number: number, names: NameCache, call: string): (column: string) => string {
    const lookup = this.lookups.get(number);
    if (lookup) lookup.listed = names.meant(lookup.matches, lookup.listed);
    const listed = lookup?.listed;
    return (column) => {
      const asked = `${call}(${number}, ${column})`;
      if (!listed) return `(${column} IS NOT NULL AND ${asked})`;
      return `(${isIn(column, listed.ids)} OR (${column} > ${listed.upTo} AND ${asked}))`;
    };
  }

  private lookup(of: readonly string[], matches: Matcher): number {
    const key = JSON.stringify(of);
    const number = this.numbers.get(key) ?? this.nextLookup++;
    const lookup = this.lookups.get(number) ?? { key, matches, remembered: new Map(), listed: null };
    // What was asked last goes last.
    this.lookups.delete(number);
    this.lookups.set(number, lookup);
    this.numbers.set(key, number);
    const [oldest] = this.lookups;
    if (this.lookups.size > MAX_TERMS && oldest) {
      this.lookups.delete(oldest[0]);
      this.numbers.delete(oldest[1].key);
      this.remembered -= oldest[1].remembered.size;
    }
    return number;
  }

  private holds(term: number, id: number | null, read: (id: number) => string | undefined): 0 | 1 {
    const lookup = this.lookups.get(term);
    if (!lookup || id === null) return 0;
    let answer = lookup.remembered.get(id);
    if (answer === undefined) {
      const text = read(id);
      if (text === undefined) return 0;
      answer = lookup.matches(text);
      if (this.remembered >= MAX_REMEMBERED) this.forget();
      lookup.remembered.set(id, answer);
      this.remembered++;
    }
    return answer ? 1 : 0;
  }

  private forget(): void {
    for (const { remembered } of this.lookups.values()) remembered.clear();
    this.remembered = 0;
  }
}

/** The rest of them is called by its number, as is an errno that Linux has no name for. */
const isNotKnown = `s.op NOT IN (${OPS.map(({ code }) => code).join(',')})`;
const hasNoName = `s.errno NOT IN (0,${ERRNO_NAMES.map(errnoNumber).join(',')})`;

/** What judging a row costs, roughly: nothing, a call that remembers a few names, or many, or several calls. */
function costOf(term: Term): number {
  if (term.kind === 'text') return 3;
  if (term.kind !== 'glob' || term.key === 'mount') return 0;
  return term.key === 'comm' ? 1 : 2;
}

function isIn(column: string, numbers: readonly number[]): string {
  const [only] = numbers;
  if (only === undefined) return '0';
  return numbers.length === 1 ? `${column} = ${only}` : `${column} IN (${numbers.join(',')})`;
}

function inRange(column: string, range: NumberRange): string {
  const parts = [`${column} ${range.minIncluded ? '>=' : '>'} ${range.min}`];
  if (range.max !== Number.POSITIVE_INFINITY)
    parts.push(`${column} ${range.maxIncluded ? '<=' : '<'} ${range.max}`);
  return `(${parts.join(' AND ')})`;
}

/** Open spans by their age so far; see shared/filter/ast.ts. */
function openRanges(ranges: readonly NumberRange[], nowUs: number): string[] {
  return ranges
    .filter((range) => range.max === Number.POSITIVE_INFINITY)
    .map((range) => {
      const age = `(${Math.floor(nowUs)} * 1000 - s.start_ns)`;
      return `(s.state = 0 AND s.duration_ns IS NULL AND ${age} ${range.minIncluded ? '>=' : '>'} ${range.min})`;
    });
}
