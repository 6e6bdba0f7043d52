// A span: one operation, its ENTER paired with its EXIT or still open. The form every API and export shows.
import Type, { type Static } from 'typebox';
import { errnoName } from './errno.ts';
import { nullable } from './nullable.ts';

export const U64Schema = Type.Union([
  Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  Type.String({ pattern: '^(0|[1-9][0-9]{0,19})$', description: 'decimal, above 2^53-1' }),
]);
export const SourceKindSchema = Type.Enum(['kernel', 'mirror', 'log', 'api']);
/** Where events come from. */
export type SourceKind = Static<typeof SourceKindSchema>;
export const SOURCE_KINDS: readonly SourceKind[] = ['kernel', 'mirror', 'log', 'api'];

export const SpanStateSchema = Type.Enum(['open', 'done', 'aborted', 'lost']);
/**
 * open: no EXIT yet. done: its EXIT came. aborted: its connection or daemon ended first. lost: one of its two
 * events is missing for good (source gone, or an EXIT whose ENTER never came).
 */
export type SpanState = Static<typeof SpanStateSchema>;
export const SPAN_STATES: readonly SpanState[] = ['open', 'done', 'aborted', 'lost'];

export const ArgsSchema = Type.Record(
  Type.String(),
  Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()]),
);
/** Further arguments by name: flags, mode, xattr name, target … */
export type Args = Static<typeof ArgsSchema>;

export const SpanSchema = Type.Object(
  {
    id: Type.Integer({ description: 'the server’s own number, ascending in order of ENTER as it was read' }),
    mountId: Type.Integer(),
    mount: Type.String(),
    source: SourceKindSchema,
    unique: nullable(Type.Union([U64Schema, Type.String()])),
    op: Type.String(),
    state: SpanStateSchema,
    startUs: Type.Number({ description: 'µs since the Unix epoch' }),
    durationNs: nullable(Type.Number({ description: 'null while open or where an event is missing' })),
    queueNs: nullable(Type.Number({ description: 'ENTER until the daemon picked it up, where known' })),
    errno: nullable(Type.Integer({ description: 'positive, 0 = ok, null while open' })),
    error: nullable(Type.String({ description: 'name of errno, null for 0' })),
    path: nullable(Type.String()),
    newPath: nullable(Type.String()),
    nodeid: nullable(U64Schema),
    fh: nullable(U64Schema),
    offset: nullable(U64Schema),
    size: nullable(U64Schema),
    bytes: nullable(Type.Number()),
    pid: nullable(Type.Integer()),
    tid: nullable(Type.Integer()),
    uid: nullable(Type.Integer()),
    gid: nullable(Type.Integer()),
    comm: nullable(Type.String()),
    daemonTid: nullable(Type.Integer()),
    args: nullable(ArgsSchema),
  },
  { $id: 'Span', description: 'One operation: ENTER paired with its EXIT, or still open' },
);
export type Span = Static<typeof SpanSchema>;

/** A span without fields, to be filled in: one shape for all, so that hot paths stay monomorphic. */
export function blankSpan(id: number, mountId: number, mount: string, source: SourceKind, op: string): Span {
  return {
    id,
    mountId,
    mount,
    source,
    unique: null,
    op,
    state: 'open',
    startUs: 0,
    durationNs: null,
    queueNs: null,
    errno: null,
    error: null,
    path: null,
    newPath: null,
    nodeid: null,
    fh: null,
    offset: null,
    size: null,
    bytes: null,
    pid: null,
    tid: null,
    uid: null,
    gid: null,
    comm: null,
    daemonTid: null,
    args: null,
  };
}

/** End of a span, µs since the epoch; its start where it has no known end. */
export function endUs({ startUs, durationNs }: Pick<Span, 'startUs' | 'durationNs'>): number {
  return startUs + (durationNs ?? 0) / 1e3;
}

/** How a span ended, in a word: its errno, ok, or what else became of it. `failed`: a log told no more than that. */
export function resultOf(span: Pick<Span, 'state' | 'errno' | 'error'>): string {
  if (span.state !== 'done') return span.state;
  return span.error ?? (span.errno === null ? 'failed' : 'ok');
}

/** Sets errno and its name together; they never part. */
export function setErrno(span: Span, errno: number | null): void {
  span.errno = errno;
  span.error = errno === null ? null : errnoName(errno);
}
