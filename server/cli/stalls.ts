// fusescope stalls: operations that are stuck now, and those that were.
import type { Command } from 'commander';
import type { Stall } from '../../shared/stall.ts';
import { formatAge, formatWall } from '../../shared/units.ts';
import type { ServerFlags } from './client.ts';
import { getJson, serverCommand } from './client.ts';
import type { Column } from './table.ts';
import { printRows } from './table.ts';

const COLUMNS: readonly Column<Stall>[] = [
  { head: 'STALL', value: (stall) => String(stall.id), right: true },
  { head: 'STATE', value: (stall) => stall.state },
  { head: 'AGE', value: (stall) => formatAge(stall.ageMs).text, right: true },
  { head: 'SINCE', value: (stall) => formatWall(stall.span.startUs).text },
  { head: 'OPERATION', value: (stall) => stall.span.op },
  { head: 'PATH', value: (stall) => stall.span.path ?? '–' },
  { head: 'CALLER', value: (stall) => `${stall.span.comm ?? '?'} ${stall.span.pid ?? ''}` },
  { head: 'MOUNT', value: (stall) => stall.span.mount },
];

export function stallsCommand(): Command {
  return serverCommand('stalls', 'fusescope stalls --open')
    .description('List stalled operations, open ones first.')
    .option('--open', 'only those that have not ended')
    .option('--json', 'one JSON object a line')
    .action(async (flags: ServerFlags & { open?: boolean }) => {
      const state = flags.open ? 'open' : undefined;
      const { items } = await getJson<{ items: Stall[] }>(flags, '/api/stalls', { state });
      printRows(COLUMNS, items, flags.json);
    });
}
