// The command line that shows what the view shows.
import { commandLine } from '../../ui/copies.ts';
import type { ViewParams } from '../../url/params.ts';

/** `tail` while it is live, of a range an export. */
export function commandFor({ filter, range }: Pick<ViewParams, 'filter' | 'range'>): string {
  const only = filter === '' ? [] : ['--filter', filter];
  if (!range) return commandLine('tail', ...only);
  const { fromUs, toUs } = range;
  const from = fromUs === null ? [] : ['--from', String(Math.floor(fromUs))];
  const to = toUs === null ? [] : ['--to', String(Math.ceil(toUs))];
  return commandLine('export', '-', '--format', 'ndjson', ...only, ...from, ...to);
}
