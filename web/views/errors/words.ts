// What is said of errors: the sentence on top, times and lags of patterns, and where their operations are. Pure.
import type { ErrorsAnswer } from '../../../shared/patterns/answer.ts';
import type { RankedPattern } from '../../../shared/patterns/pattern.ts';
import { formatCount, formatDuration, formatWall } from '../../../shared/units.ts';
import { term } from '../../url/terms.ts';

/** Errors that are not everyday answers; those are shown where a filter asks for errors. */
export function shownPatterns(answer: ErrorsAnswer, filter: string): RankedPattern[] {
  return filter.includes('errno:') ? answer.items : answer.items.filter((one) => !one.ordinary);
}

export function leadWords(items: readonly RankedPattern[]): string {
  const [first] = items;
  if (!first) return 'Nothing failed';
  if (first.role !== 'cause') return 'Errors without a clear first cause';
  const led = items.filter((one) => one.role === 'cascade' || one.role === 'end').length;
  if (led === 0) return 'What failed';
  return `Likely the first cause, and ${led === 1 ? 'one error' : `${led} errors`} that followed`;
}

/** When a pattern first appeared: its line in a log, else its time. */
export function firstText(one: RankedPattern): string {
  if (one.op === null && one.firstOrder < 1e12) return `line ${formatCount(one.firstOrder).text}`;
  return one.firstUs === null ? '–' : formatWall(one.firstUs).clock;
}

/** From its first appearance to that of the next; '' for the last. */
export function lagText(one: RankedPattern): string {
  if (one.lagUs !== null && one.lagUs > 0) return `${formatDuration(one.lagUs * 1_000).text} later`;
  if (one.lagLines !== null && one.lagLines < 1e12) return `${formatCount(one.lagLines).text} lines later`;
  return one.lagUs === null ? '' : 'at once';
}

/** The filter that finds a pattern's operations; null for lines of a log. */
export function filterOf(one: RankedPattern): string | null {
  if (one.op === null || one.error === null) return null;
  const [mount] = one.mounts;
  const where = mount !== undefined && one.mounts.length === 1 ? ` ${term('mount', mount)}` : '';
  return `op:${one.op} errno:${one.error}${where}`;
}
