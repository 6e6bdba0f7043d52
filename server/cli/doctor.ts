// fusescope doctor: what this machine offers, and how to get what is missing. Where a server runs, also what captures
// each mount.
import type { Command } from 'commander';
import type { Mount } from '../../shared/mount.ts';
import type { Finding } from '../doctor/checks.ts';
import { diagnose } from '../doctor/checks.ts';
import { readMachine } from '../doctor/machine.ts';
import { mountFindings } from '../doctor/mounts.ts';
import { launchHere } from '../launch/launch.ts';
import type { ServerFlags } from './client.ts';
import { getJson, serverCommand } from './client.ts';
import type { Column } from './table.ts';
import { printRows } from './table.ts';

const COLUMNS: readonly Column<Finding>[] = [
  { head: 'CHECK', value: (finding) => finding.name },
  { head: 'STATE', value: (finding) => finding.state },
  { head: 'FOUND', value: (finding) => finding.found },
  { head: 'HOW TO GET IT', value: (finding) => finding.how ?? '', ditto: true },
];

export function doctorCommand(): Command {
  return serverCommand('doctor', 'fusescope doctor')
    .description('Say what this machine offers and how to get what is missing.')
    .option('--json', 'one JSON object a line')
    .action(async (flags: ServerFlags) => {
      // It needs no server; one that answers knows the mounts.
      const mounts = await getJson<{ items: Mount[] }>(flags, '/api/mounts').catch(() => ({ items: [] }));
      const machine = diagnose(await readMachine(launchHere));
      printRows(COLUMNS, [...machine, ...mountFindings(mounts.items)], flags.json);
    });
}
