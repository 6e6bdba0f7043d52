// fusescope history: who created, wrote, renamed and removed a path.
import type { Command } from 'commander';
import { actorText, type Chapter, type History } from '../../shared/history.ts';
import { formatBytes, formatCount } from '../../shared/units.ts';
import type { ServerFlags } from './client.ts';
import { getJson, serverCommand } from './client.ts';
import { type Column, printRows, visible } from './table.ts';

const COLUMNS: readonly Column<Chapter>[] = [
  { head: 'WHEN', value: (row) => new Date(row.startUs / 1_000).toISOString() },
  { head: 'WHAT', value: (row) => (row.above ? `${row.deed}, above` : row.deed) },
  {
    head: 'OPERATION',
    value: (row) => (row.count === 1 ? row.op : `${row.op} ×${formatCount(row.count).text}`),
  },
  { head: 'RESULT', value: (row) => (row.state === 'done' ? (row.error ?? 'ok') : row.state) },
  { head: 'WHO', value: actorText },
  { head: 'PATH', value: pathText },
];

type Asked = 'mount' | 'from' | 'to' | 'limit' | 'recording';

export function historyCommand(): Command {
  return serverCommand('history', 'fusescope history /mnt/nas/report.odt')
    .description('The life story of a path: who created, wrote, renamed, linked, truncated or removed it.')
    .argument('<path>', 'as users see it, absolute; it need not be there any more')
    .option('--mount <mount>', 'the mount; then the path is the one in that mount')
    .option('--from <time>', 'µs since the epoch or RFC 3339')
    .option('--to <time>', 'µs since the epoch or RFC 3339')
    .option('--recording <number>', 'of this recording instead of what is stored')
    .option('--limit <entries>', 'at most so many, the last ones', '500')
    .option('--json', 'the answer as one JSON object')
    .action(async (path: string, flags: ServerFlags & Record<Asked, string>) => {
      const { mount, from, to, limit, recording } = flags;
      const query = { path, mount, from, to, limit, recording };
      const story = await getJson<History>(flags, '/api/paths/history', query);
      if (flags.json) process.stdout.write(`${JSON.stringify(story)}\n`);
      else print(story);
    });
}

function print(story: History): void {
  if (story.items.length > 0) printRows(COLUMNS, story.items, false);
  const others = story.names.filter((name) => name !== story.path);
  if (others.length > 0) process.stdout.write(`Also called ${others.map(visible).join(', ')}.\n`);
  if (story.earlier > 0)
    process.stdout.write(`${formatCount(story.earlier).text} earlier entries are left out.\n`);
  if (story.sinceUs !== null)
    process.stdout.write(
      `Looked at from ${new Date(story.sinceUs / 1_000).toISOString()} on; narrow it with --from.\n`,
    );
  process.stdout.write(`${visible(story.text)}\n`);
}

function pathText(row: Chapter): string {
  const to = row.newPath === null ? '' : ` -> ${row.newPath}`;
  const size = row.bytes > 0 ? ` (${formatBytes(row.bytes).text})` : '';
  return `${row.path ?? '–'}${to}${size}`;
}
