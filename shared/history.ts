// The life story of a path: who created, wrote, renamed, linked, truncated and removed it, and what failed.
import Type, { type Static } from 'typebox';
import { TimeParam } from './api.ts';
import { nullable } from './nullable.ts';
import { RecordingParam } from './recording.ts';
import { SpanStateSchema } from './span.ts';

export const HistoryQuerySchema = Type.Object(
  {
    path: Type.String({
      minLength: 1,
      maxLength: 8_192,
      description: 'absolute, as users see it; or with `mount` the path in that mount',
    }),
    mount: Type.Optional(Type.String({ maxLength: 4_096, description: 'mount point' })),
    from: Type.Optional(TimeParam),
    to: Type.Optional(TimeParam),
    recording: Type.Optional(RecordingParam),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, default: 500 })),
  },
  { additionalProperties: false },
);
export type HistoryQuery = Static<typeof HistoryQuerySchema>;

export const DEEDS = [
  'created',
  'wrote',
  'truncated',
  'renamed',
  'replaced',
  'linked',
  'changed',
  'removed',
  'failed',
] as const;
/** What an operation did to a path. replaced: a rename put something else in its place. changed: mode, owner, times, attributes. */
export type Deed = (typeof DEEDS)[number];

export const ChapterSchema = Type.Object({
  deed: Type.Enum([...DEEDS]),
  above: Type.Boolean({ description: 'it was done to a directory above' }),
  spanId: Type.Integer({ description: 'the first of them' }),
  mountId: Type.Integer(),
  op: Type.String(),
  path: nullable(Type.String({ description: 'in the mount' })),
  newPath: nullable(Type.String()),
  startUs: Type.Number(),
  lastUs: Type.Number({ description: 'ENTER of the last of them' }),
  count: Type.Integer({ description: 'operations of one kind by one process in a row are one entry' }),
  bytes: Type.Number(),
  state: SpanStateSchema,
  error: nullable(Type.String()),
  pid: nullable(Type.Integer()),
  uid: nullable(Type.Integer()),
  comm: nullable(Type.String()),
});
export type Chapter = Static<typeof ChapterSchema>;

const FATES = ['removed', 'renamed', 'replaced', 'there', 'unknown'] as const;
export const HistorySchema = Type.Object({
  mount: Type.String(),
  path: Type.String({ description: 'in the mount' }),
  names: Type.Array(Type.String(), { description: 'names that what is told of had, oldest first' }),
  fate: Type.Enum([...FATES], { description: 'what became of it, as far as it was traced' }),
  by: nullable(ChapterSchema, 'what brought that fate about'),
  text: Type.String({ description: 'the same in one line; times in UTC' }),
  items: Type.Array(ChapterSchema, { description: 'in order of time; where there are more, the last ones' }),
  earlier: Type.Integer({ description: 'entries left out before the first' }),
  sinceUs: nullable(
    Type.Number(),
    'from here on all was looked at; null: from the beginning of what is stored',
  ),
});
export type History = Static<typeof HistorySchema>;

/** Who did it: `rm 4123 (uid 0)`. */
export function actorText(of: Pick<Chapter, 'comm' | 'pid' | 'uid'>): string {
  if (of.comm === null && of.pid === null) return 'Someone';
  const who = [of.comm, of.pid].filter((part) => part !== null).join(' ');
  return of.uid === null ? who : `${who} (uid ${of.uid})`;
}

/** The fate in one line: who removed it, where it went, or who made it last. @param when writes a time for its reader */
export function fateText(story: Pick<History, 'fate' | 'by' | 'path'>, when: (us: number) => string): string {
  const { by, fate, path } = story;
  if (by === null) return `Nothing that was traced created, changed or removed ${path}.`;
  const who = `${actorText(by)} at ${when(by.lastUs)}`;
  if (by.state === 'open') return `Not finished: ${by.op} of ${by.path} by ${who}.`;
  if (fate === 'removed') {
    return by.above
      ? `Removed with its directory ${by.path} by ${who}, ${by.op}.`
      : `Removed by ${who}, ${by.op}.`;
  }
  if (fate === 'renamed') {
    const what = by.above ? `its directory ${by.path} was renamed` : 'renamed';
    return `Not under this name any more: ${what} to ${by.newPath} by ${who}.`;
  }
  const how =
    by.deed === 'renamed' || by.deed === 'replaced'
      ? `put there as ${by.path} was renamed, by ${who}`
      : by.deed === 'created' || by.deed === 'linked'
        ? `created by ${who}`
        : `last ${by.deed === 'wrote' ? 'written' : by.deed} by ${who}`;
  return fate === 'there'
    ? `There, as far as it was traced: ${how}.`
    : `Only seen failing: ${by.op}, ${by.error}, for ${who}.`;
}
