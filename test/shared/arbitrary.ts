// Random filters, spans and events for property tests.
import fc from 'fast-check';
import { ERRNO_NAMES, errnoName, errnoNumber } from '../../shared/errno.ts';
import type { Filter, Term } from '../../shared/filter/ast.ts';
import { OPS, opCode } from '../../shared/ops.ts';
import { type Args, SOURCE_KINDS, SPAN_STATES, type Span } from '../../shared/span.ts';
import { ENTER, EXIT, LOST, SPAN, type WireEvent } from '../../shared/wire/frames.ts';

const list = <T>(of: fc.Arbitrary<T>) => fc.array(of, { minLength: 1, maxLength: 3 });
const place = { negated: fc.boolean(), at: fc.constant(0), length: fc.constant(0) };
const integer = fc.oneof(
  fc.integer({ min: 0, max: 100 }),
  fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
);
const pattern = list(
  fc.oneof(
    fc.constantFrom('*', '**', '?', '\\*', '\\\\', '\\?', '/', '/a', '/b', ' ', '"', ',', '-', ':'),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 3 }).map((s) => s.replace(/[\\*?]/g, '\\$&')),
  ),
).map((parts) => parts.join(''));

const range = (key: string) =>
  fc.tuple(integer, integer, fc.constantFrom('>', '>=', '<', '<=', '..', '=')).map(([a, b, operator]) => {
    const from = { min: a, max: Number.POSITIVE_INFINITY, maxIncluded: true };
    const to = { min: 0, max: a, minIncluded: true };
    if (operator === '>' || operator === '>=') return { ...from, minIncluded: operator === '>=' };
    if (operator === '<' || operator === '<=') return { ...to, maxIncluded: operator === '<=' };
    const one = operator === '=' && key !== 'dur' && key !== 'queue';
    return {
      min: one ? a : Math.min(a, b),
      max: one ? a : Math.max(a, b),
      minIncluded: true,
      maxIncluded: true,
    };
  });

const numberKey = fc.constantFrom('dur', 'queue', 'size', 'bytes', 'pid', 'tid', 'uid', 'gid', 'id');
const opName = fc.oneof(fc.constantFrom(...OPS.map((op) => op.name)), fc.constant('op-99'));
const errno = fc.oneof(
  fc.constant(0),
  fc.constantFrom(...ERRNO_NAMES.map((name) => errnoNumber(name) ?? 5)),
  fc.constant(777),
);

const term: fc.Arbitrary<Term> = fc.oneof(
  fc.record({
    kind: fc.constant('text' as const),
    text: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }),
    ...place,
  }),
  fc.record({
    kind: fc.constant('op' as const),
    key: fc.constant('op' as const),
    values: list(opName),
    ...place,
  }),
  fc.record({
    kind: fc.constant('errno' as const),
    key: fc.constant('errno' as const),
    values: list(fc.oneof(errno, fc.constantFrom('any' as const, 'none' as const))),
    ...place,
  }),
  fc.record({
    kind: fc.constant('source' as const),
    key: fc.constant('source' as const),
    values: list(fc.constantFrom(...SOURCE_KINDS)),
    ...place,
  }),
  fc.record({
    kind: fc.constant('state' as const),
    key: fc.constant('state' as const),
    values: list(fc.constantFrom(...SPAN_STATES)),
    ...place,
  }),
  fc.record({
    kind: fc.constant('glob' as const),
    key: fc.constantFrom('path' as const, 'comm' as const, 'mount' as const),
    values: list(pattern),
    ...place,
  }),
  numberKey.chain((key) =>
    fc.record({
      kind: fc.constant('number' as const),
      key: fc.constant(key),
      values: list(range(key)),
      ...place,
    }),
  ) as fc.Arbitrary<Term>,
  fc.record({
    kind: fc.constant('exact' as const),
    key: fc.constantFrom('fh' as const, 'nodeid' as const, 'unique' as const),
    values: list(fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String), fc.constant('a b,"\\'))),
    ...place,
  }),
);

/** Any filter there can be. Positions are 0. */
export const filters: fc.Arbitrary<Filter> = fc.record({ terms: fc.array(term, { maxLength: 4 }) });

const u64 = fc.oneof(
  fc.integer({ min: 0, max: 20 }),
  fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }).map(String),
);
const maybe = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: null });
const small = fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 0xffff_ffff }));
const name = fc.oneof(
  fc.constantFrom('/a', '/a/b', '/b.tmp', '/a b', '/é/😀', '/x*y', '/quote"', '#12/name'),
  fc.string({ unit: 'grapheme', maxLength: 12 }).map((s) => `/${s.replaceAll('\0', '')}`),
);

const comm = fc.oneof(fc.constantFrom('cat', 'rsync', 'kworker/0:1'), fc.string({ maxLength: 8 }));
const args = fc.constantFrom<Args>({ flags: 32_768 }, { mode: 420, name: 'user.é' }, { a: null, b: true });

/** What events and spans say alike of an operation. */
const operation = {
  path: maybe(name),
  newPath: maybe(name),
  nodeid: maybe(u64),
  fh: maybe(u64),
  offset: maybe(u64),
  size: maybe(u64),
  bytes: maybe(integer),
  pid: maybe(small),
  tid: maybe(small),
  uid: maybe(small),
  gid: maybe(small),
  comm: maybe(comm),
  daemonTid: maybe(small),
  args: maybe(args),
};

/** Spans as ingest makes them, on the mounts 1 `/mnt/x` and 2 `/mnt/y`; ids are 1. */
export const spans: fc.Arbitrary<Span> = fc
  .record({
    id: fc.constant(1),
    mountId: fc.constantFrom(1, 2),
    mount: fc.constant(''),
    source: fc.constantFrom(...SOURCE_KINDS),
    unique: maybe(fc.oneof(u64, fc.uuid(), fc.constantFrom('017', '1e3', '17'))),
    op: opName,
    state: fc.constantFrom(...SPAN_STATES),
    startUs: fc.oneof(
      fc
        .integer({ min: 1_732_160_000_000_000 * 4, max: 1_732_160_900_000_000 * 4 })
        .map((quarter) => quarter / 4),
      fc.integer({ min: 0, max: 10_000_000 }).map((ns) => ns / 1_000),
    ),
    durationNs: maybe(fc.oneof(small, integer)),
    queueNs: maybe(small),
    errno: maybe(errno),
    error: fc.constant(null),
    ...operation,
  })
  .map((span): Span => {
    const open = span.state === 'open';
    const errno = open ? null : span.errno;
    return {
      ...span,
      mount: span.mountId === 1 ? '/mnt/x' : '/mnt/y',
      durationNs: open ? null : span.durationNs,
      errno,
      error: errno === null ? null : errnoName(errno),
    };
  });

/**
 * Events as collectors send them, on the mounts 0 and 1. Their few ids are used again and again, so that they meet in
 * every order: whole operations, an end alone, a beginning alone, one that is begun twice.
 */
export const events: fc.Arbitrary<WireEvent> = fc
  .record({
    kind: fc.constantFrom(ENTER, ENTER, EXIT, EXIT, SPAN, LOST),
    mount: fc.constantFrom(0, 1),
    op: opName.map(opCode),
    id: fc.constantFrom(0, 1, 17, '17', '017', '18446744073709551615', 'a b,"=1', ' '),
    monoNs: fc.constant(0),
    tsUs: fc
      .integer({ min: 1_732_160_000_000_000 * 4, max: 1_732_160_900_000_000 * 4 })
      .map((quarter) => quarter / 4),
    durNs: maybe(fc.oneof(small, fc.integer({ min: 0, max: 1e13 }))),
    queueNs: maybe(small),
    errno: maybe(errno),
    ...operation,
  })
  .map((event): WireEvent => {
    const begins = event.kind === ENTER;
    return begins ? { ...event, durNs: null, queueNs: null, errno: null, bytes: null } : event;
  });
