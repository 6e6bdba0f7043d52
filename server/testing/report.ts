// What a failure shows, so that it explains itself: the last operations of a mount as a readable table, and its stalls.
import { resultOf, type Span } from '../../shared/span.ts';
import type { Stall } from '../../shared/stall.ts';
import { formatBytes, formatDuration, formatWall } from '../../shared/units.ts';
import { type Column, formatTable } from '../cli/table.ts';

const COLUMNS: readonly Column<Span>[] = [
  { head: 'TIME', value: (span) => formatWall(span.startUs).text },
  { head: 'OPERATION', value: (span) => span.op },
  { head: 'TOOK', value: took, right: true },
  { head: 'RESULT', value: resultOf },
  { head: 'BYTES', value: (span) => (span.bytes ? formatBytes(span.bytes).text : ''), right: true },
  { head: 'CALLER', value: (span) => `${span.comm ?? '?'} ${span.pid ?? ''}`.trim() },
  { head: 'PATH', value: (span) => [span.path ?? '–', span.newPath].filter(Boolean).join(' -> ') },
];

/** Spans as text, in the order given. */
export function operationsTable(spans: readonly Span[]): string {
  return spans.length === 0 ? 'no operation was seen\n' : formatTable(COLUMNS, spans);
}

/** Stalls where none were expected, a line each. */
export function stallsText(stalls: readonly Stall[]): string {
  const lines = stalls.map(({ span, ageMs, state, cause }) => {
    const why = cause ? `: ${cause.text}` : '';
    return `  ${span.op} ${span.path ?? ''} by ${span.comm ?? '?'} ${span.pid ?? ''}, ${Math.round(ageMs)} ms, ${state}${why}`;
  });
  return `expected no stalls, and there ${stalls.length === 1 ? 'was one' : `were ${stalls.length}`}:\n${lines.join('\n')}`;
}

function took(span: Span): string {
  if (span.durationNs !== null) return formatDuration(span.durationNs).text;
  return span.state === 'open' ? 'open' : '–';
}
