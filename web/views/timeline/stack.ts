// Operations of one lane that overlap in time (a lane may stand for many callers) stand one below the other. Pure.
import type { Bar } from './picture.ts';

/** Levels that a lane is divided into at most; what is deeper lies over the last. */
export const MAX_LEVELS = 4;

/**
 * Gives each bar its level and how many its group has. A group is what hangs together by overlapping, so that a bar
 * that stands alone keeps the whole height. `bars` are in order of their start.
 */
export function stack(bars: readonly Bar[]): void {
  let group: Bar[] = [];
  let groupEnd = Number.NEGATIVE_INFINITY;
  const ends: number[] = [];
  const close = () => {
    const levels = Math.min(MAX_LEVELS, ends.length);
    for (const bar of group) bar.levels = levels;
    group = [];
    ends.length = 0;
  };
  for (const bar of bars) {
    if (bar.startUs >= groupEnd) close();
    const end = bar.durationNs === null ? Number.POSITIVE_INFINITY : bar.startUs + bar.durationNs / 1e3;
    let level = ends.findIndex((busyUntil) => busyUntil <= bar.startUs);
    if (level < 0) level = ends.length;
    ends[level] = end;
    bar.depth = Math.min(level, MAX_LEVELS - 1);
    group.push(bar);
    groupEnd = group.length === 1 ? end : Math.max(groupEnd, end);
  }
  close();
}
