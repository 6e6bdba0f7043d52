// What a filter shows of the spans that the server holds: those that match, each operation once.
import { compileFilter } from '../../shared/filter/compile.ts';
import type { Span } from '../../shared/span.ts';
import { parseFilter } from '../filters.ts';
import { asksForSource } from '../mounts/twins.ts';
import type { Trace } from '../trace.ts';

/** @throws CodedError FUSESCOPE_FILTER */
export function shownBy(trace: Pick<Trace, 'isDouble'>, text: string): (span: Span) => boolean {
  const filter = parseFilter(text);
  const match = compileFilter(filter);
  if (asksForSource(filter)) return (span) => match(span);
  return (span) => !trace.isDouble(span) && match(span);
}
