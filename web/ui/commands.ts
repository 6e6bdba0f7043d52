// The command line that tells what a view shows, with its filter, its range or window, and its recording. Pure.
import type { HistogramsBy } from '../../shared/api.ts';
import { type ViewParams, WINDOW_S, type WindowName } from '../url/params.ts';
import { commandLine } from './copies.ts';

/** What every view may be narrowed to. `recording`: the page's, or null for the live trace. */
export interface Narrowed extends Pick<ViewParams, 'filter' | 'range'> {
  recording: number | null;
}

/** `tail` while it is live, of a range or a recording an export. */
export function operationsCommand(what: Narrowed): string {
  if (!what.range && what.recording === null) return commandLine('tail', ...filterWords(what));
  return commandLine('export', '-', '--format', 'ndjson', ...words(what));
}

/**
 * @param chosen the operation, where histograms are by operation
 * @param over the window that follows now, where there is no range
 */
export function latencyCommand(
  what: Narrowed,
  by: HistogramsBy,
  chosen: string | null,
  over: WindowName,
): string {
  const seconds = WINDOW_S[over];
  const window = what.range || seconds === null ? [] : ['--over', `${seconds / 60}m`];
  const which = by !== 'op' ? ['--by', by] : chosen === null ? [] : ['--op', chosen];
  return commandLine('latency', ...which, ...words(what), ...window);
}

export function errorsCommand(what: Narrowed): string {
  return commandLine('errors', ...words(what));
}

export function stallsCommand({ recording }: Pick<Narrowed, 'recording'>): string {
  return commandLine('stalls', ...recordingWords(recording));
}

/** The story of a path that is chosen, which no filter narrows; else what costs most. */
export function filesCommand(
  what: Narrowed,
  { path, mount, by }: Pick<ViewParams, 'path' | 'mount' | 'by'>,
): string {
  if (path !== null && mount !== null && by !== 'processes')
    return commandLine('history', path, '--mount', mount, ...words({ ...what, filter: '' }));
  if (what.range || what.recording !== null) return operationsCommand(what);
  return commandLine('top', '--by', by === 'processes' ? 'process' : 'path', ...filterWords(what));
}

function words(what: Narrowed): string[] {
  const { fromUs = null, toUs = null } = what.range ?? {};
  return [
    ...filterWords(what),
    ...(fromUs === null ? [] : ['--from', String(Math.floor(fromUs))]),
    ...(toUs === null ? [] : ['--to', String(Math.ceil(toUs))]),
    ...recordingWords(what.recording),
  ];
}

const filterWords = ({ filter }: Narrowed): string[] => (filter === '' ? [] : ['--filter', filter]);

const recordingWords = (recording: number | null): string[] =>
  recording === null ? [] : ['--recording', String(recording)];
