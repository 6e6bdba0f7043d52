// fusescope audit: the ways out that were taken, by whom, and what came of them.
import type { Command } from 'commander';
import type { Audit } from '../../shared/ways.ts';
import type { ServerFlags } from './client.ts';
import { getJson, serverCommand } from './client.ts';
import type { Column } from './table.ts';
import { dateTime, printRows } from './table.ts';

const COLUMNS: readonly Column<Audit>[] = [
  { head: 'WHEN', value: ({ atUs }) => dateTime(atUs) },
  { head: 'ACTION', value: (one) => one.action },
  { head: 'MOUNT', value: (one) => one.mount },
  { head: 'ABOUT', value: (one) => one.target ?? '–' },
  { head: 'BY', value: ({ uid, via, address }) => `${uid === null ? address : `uid ${uid}`}, ${via}` },
  { head: 'OUTCOME', value: (one) => one.outcome },
  { head: 'WHAT CAME OF IT', value: (one) => one.text },
];

export function auditCommand(): Command {
  return serverCommand('audit', 'fusescope audit')
    .description('List the ways out of stalls that were taken, newest first.')
    .option('--json', 'one JSON object a line')
    .action(async (flags: ServerFlags) => {
      const { items } = await getJson<{ items: Audit[] }>(flags, '/api/audit', { limit: '1000' });
      printRows(COLUMNS, items, flags.json);
    });
}
