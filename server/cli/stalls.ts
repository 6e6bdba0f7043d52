// fusescope stalls: operations that are stuck now, and those that were.
import type { Command } from 'commander';
import type { Stall } from '../../shared/stall.ts';
import type { StallGroup } from '../../shared/stall-group.ts';
import { formatAge, formatWall } from '../../shared/units.ts';
import type { ServerFlags } from './client.ts';
import { getJson, serverCommand } from './client.ts';
import type { Column } from './table.ts';
import { dateTime, printRows } from './table.ts';

const COLUMNS: readonly Column<Stall>[] = [
  { head: 'STALL', value: (stall) => String(stall.id), right: true },
  { head: 'STATE', value: (stall) => stall.state },
  { head: 'AGE', value: (stall) => formatAge(stall.ageMs).text, right: true },
  { head: 'SINCE', value: (stall) => formatWall(stall.span.startUs).text },
  { head: 'OPERATION', value: (stall) => stall.span.op },
  { head: 'PATH', value: (stall) => stall.span.path ?? '–' },
  { head: 'CALLER', value: (stall) => `${stall.span.comm ?? '?'} ${stall.span.pid ?? ''}` },
  { head: 'MOUNT', value: (stall) => stall.span.mount },
  { head: 'CAUSE', value: (stall) => stall.cause?.text ?? '' },
];
const GROUPS: readonly Column<StallGroup>[] = [
  { head: 'LAST', value: (group) => dateTime(group.lastUs) },
  { head: 'TIMES', value: (group) => String(group.incidents), right: true },
  { head: 'OPERATIONS', value: (group) => String(group.operations), right: true },
  { head: 'OPEN', value: (group) => String(group.open), right: true },
  { head: 'LONGEST', value: (group) => formatAge(group.longestMs).text, right: true },
  { head: 'ENDED', value: ({ endings }) => endings.map(({ kind, count }) => `${kind} ${count}`).join(', ') },
  { head: 'MOUNT', value: (group) => group.mount },
  { head: 'CAUSE', value: (group) => group.text ?? 'not found' },
];

export function stallsCommand(): Command {
  return serverCommand('stalls', 'fusescope stalls --open')
    .description('List stalled operations, open ones first.')
    .option('--open', 'only those that have not ended')
    .option('--groups', 'by cause: how often it came, for how long, what ended it')
    .option('--recording <number>', 'of this recording instead of what is stored')
    .option('--json', 'one JSON object a line')
    .action(async (flags: ServerFlags & { open?: boolean; groups?: boolean; recording?: string }) => {
      const { recording } = flags;
      if (flags.groups) {
        const groups = await getJson<{ items: StallGroup[] }>(flags, '/api/stalls/groups', { recording });
        printRows(GROUPS, groups.items, flags.json);
        return;
      }
      const state = flags.open ? 'open' : undefined;
      const { items } = await getJson<{ items: Stall[] }>(flags, '/api/stalls', { state, recording });
      printRows(COLUMNS, items, flags.json);
    });
}
