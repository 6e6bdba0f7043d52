// Frames between the process that reads a log and whoever wants what is in it; laid out as on the ingest socket
// (frames.ts). EVENTS hold whole operations: SPAN one that has ended, ENTER one that has not, LOST one of which one end
// is missing. PATTERNS and REPORT come last.
import Type, { type Static } from 'typebox';

export const LOG_FRAME = {
  /** A mount that events refer to by index. */
  MOUNT: 2,
  EVENTS: 3,
  /** Spans of our own exports that EVENTS cannot hold: a list of `{mount, span}`. */
  SPANS: 33,
  /** The errors of the log, folded: a list of patterns (patterns/pattern.ts). */
  PATTERNS: 34,
  REPORT: 35,
} as const;

/** A mount of a log. */
export interface LogMount {
  index: number;
  mount: string;
  kind: string;
}

/** What became of a log's lines. */
export const ReadReportSchema = Type.Object({
  format: Type.String({ description: 'the format it was read as' }),
  lines: Type.Integer(),
  spans: Type.Integer({ description: 'operations, finished or open' }),
  open: Type.Integer({ description: 'operations that had not ended when the log did' }),
  unpaired: Type.Integer({
    description:
      'operations of which one end is missing: an EXIT without its ENTER, or an ENTER that was overtaken',
  }),
  problems: Type.Integer({ description: 'lines that tell of an error' }),
  foreign: Type.Integer({ description: 'lines of other programs' }),
  rejected: Type.Integer({ description: 'lines of the format that could not be read' }),
  rejections: Type.Array(Type.Object({ line: Type.Integer(), reason: Type.String(), text: Type.String() }), {
    description: 'the first ten',
  }),
  foreignLines: Type.Array(Type.Object({ line: Type.Integer(), text: Type.String() }), {
    description: 'the first hundred, as text',
  }),
});
export type ReadReport = Static<typeof ReadReportSchema>;
