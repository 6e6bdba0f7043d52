// What is said of recordings. Pure.
import type { Recording, RecordingSource } from '../../../shared/recording.ts';
import { formatBytes, formatCount, formatDuration } from '../../../shared/units.ts';

export const SOURCES: Readonly<Record<RecordingSource, string>> = {
  live: 'recorded',
  kept: 'kept from what was stored',
  flight: 'kept because of a stall',
  run: 'around a command',
  log: 'read from a log',
};

/** µs from its beginning to its end; up to now where it grows; null where that is not known. */
export function lengthUs({ state, fromUs, toUs }: Recording, nowUs: number): number | null {
  const end = state === 'recording' ? nowUs : toUs;
  return fromUs === null || end === null ? null : Math.max(0, end - fromUs);
}

/** "3,402 operations, 2 open, 1 stall, 12.4 s, 1.2 MiB" */
export function contentWords(recording: Recording, nowUs: number): string {
  const { spans, open, stalls, lost, sizeBytes } = recording;
  const length = lengthUs(recording, nowUs);
  return [
    countWords(spans, 'operation'),
    open > 0 ? `${formatCount(open).text} open` : '',
    stalls > 0 ? countWords(stalls, 'stall') : '',
    lost > 0 ? `${formatCount(lost).text} lost` : '',
    length === null ? '' : formatDuration(length * 1e3).text,
    formatBytes(sizeBytes).text,
  ]
    .filter((part) => part !== '')
    .join(', ');
}

export function countWords(count: number, one: string): string {
  return `${formatCount(count).text} ${count === 1 ? one : `${one}s`}`;
}

/** The mounts in it, the first of them by name. */
export function mountWords(mounts: readonly string[]): string {
  const [first] = mounts;
  if (first === undefined) return '';
  return mounts.length === 1 ? first : `${first} and ${mounts.length - 1} more`;
}

/** What the sentence on top says. */
export function leadWords(growing: readonly Recording[], count: number): string {
  const [first] = growing;
  if (!first) return count === 0 ? 'Nothing is recorded yet' : 'Nothing is being recorded';
  return growing.length === 1 ? `Recording ${first.name}` : `${growing.length} recordings are growing`;
}

/** µs as a field of date and time takes it: local, to the millisecond. */
export function fieldTime(us: number | null): string {
  if (us === null) return '';
  const date = new Date(us / 1e3);
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 23);
}

/** And back; null for an empty field, undefined for one that holds no time. */
export function timeOf(field: string): number | null | undefined {
  if (field.trim() === '') return null;
  const ms = new Date(field).getTime();
  return Number.isNaN(ms) ? undefined : ms * 1e3;
}
