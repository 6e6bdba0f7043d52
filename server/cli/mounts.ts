// fusescope mounts: the mounts a server knows, as a table; with --chain what one directory is on.
import type { Command } from 'commander';
import type { Mount } from '../../shared/mount.ts';
import { formatAge, formatDuration } from '../../shared/units.ts';
import { printChain } from './chain.ts';
import type { ServerFlags } from './client.ts';
import { getJson, serverCommand } from './client.ts';
import { CliError } from './failure.ts';
import type { Column } from './table.ts';
import { printRows } from './table.ts';

const COLUMNS: readonly Column<Mount>[] = [
  { head: 'MOUNT', value: (mount) => mount.mount },
  { head: 'STATE', value: (mount) => mount.state },
  { head: 'TYPE', value: (mount) => mount.fsType ?? '–' },
  { head: 'SOURCE', value: (mount) => mount.source ?? '–' },
  {
    head: 'DAEMON',
    value: (mount) => (mount.daemon ? `${mount.daemon.comm ?? '?'} ${mount.daemon.pid}` : '–'),
  },
  { head: 'CAPTURE', value: (mount) => mount.tier },
  { head: 'OP/S', value: (mount) => String(mount.opsPerS), right: true },
  { head: 'P50', value: (mount) => duration(mount.p50Ns), right: true },
  { head: 'P99', value: (mount) => duration(mount.p99Ns), right: true },
  { head: 'IN FLIGHT', value: (mount) => String(mount.inflight), right: true },
  {
    head: 'OLDEST',
    value: (mount) => (mount.oldestOpenMs === null ? '–' : formatAge(mount.oldestOpenMs).text),
    right: true,
  },
  { head: 'WAITING', value: (mount) => String(mount.waiting ?? '–'), right: true },
  { head: 'WHY NO BETTER CAPTURE', value: (mount) => mount.tierReason ?? '', ditto: true },
];

export function mountsCommand(): Command {
  return serverCommand('mounts', 'fusescope mounts\n  fusescope mounts --chain /var/lib/app/data --pid 41')
    .description('List the mounts that the server watches, or what a directory is really on.')
    .option('--all', 'those that are gone too')
    .option(
      '--chain <dir>',
      'the mount that shows this directory and each mount beneath it; asks no server and touches no mount',
    )
    .option('--pid <pid>', 'with --chain: as this process sees it, a container’s too')
    .option('--json', 'one JSON object a line')
    .action(async (flags: ServerFlags & { all?: boolean; pid?: string; chain?: string }) => {
      const { chain } = flags;
      if (chain !== undefined) {
        printChain({ ...flags, chain });
        return;
      }
      if (flags.pid !== undefined)
        throw new CliError(
          '--pid says whose view of a directory (--chain is missing). Try --chain DIR --pid PID',
          2,
        );
      const { items } = await getJson<{ items: Mount[] }>(flags, '/api/mounts', {
        gone: String(flags.all ?? false),
      });
      printRows(COLUMNS, items, flags.json);
    });
}

function duration(ns: number | null): string {
  return ns === null ? '–' : formatDuration(ns).text;
}
