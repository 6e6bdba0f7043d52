// Wall time in the page's words, on top of shared/units.ts.
import { formatWall } from '../../shared/units.ts';

/** 14:32:48 */
export const clockText = (us: number): string => formatWall(us).clock;

/** 14:32 */
export const minuteText = (us: number): string => formatWall(us).clock.slice(0, 5);

const DAY = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short' });
/** 14:32:48 today, else Tue 18 Nov, 03:11. */
export function dateText(us: number, nowUs: number): string {
  const date = new Date(us / 1_000);
  const today = new Date(nowUs / 1_000);
  if (date.toDateString() === today.toDateString()) return clockText(us);
  return `${DAY.format(date)}, ${minuteText(us)}`;
}
