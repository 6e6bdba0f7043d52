// fusescope doctor: what this machine offers, and how to get what is missing. Asks no server.
import { Command } from 'commander';
import type { Finding } from '../doctor/checks.ts';
import { diagnose } from '../doctor/checks.ts';
import type { Column } from './table.ts';
import { printRows } from './table.ts';

const COLUMNS: readonly Column<Finding>[] = [
  { head: 'CHECK', value: (finding) => finding.name },
  { head: 'STATE', value: (finding) => finding.state },
  { head: 'FOUND', value: (finding) => finding.found },
  { head: 'HOW TO GET IT', value: (finding) => finding.how ?? '' },
];

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('Say what this machine offers and how to get what is missing.')
    .option('--json', 'one JSON object a line')
    .addHelpText('after', '\nExample: fusescope doctor')
    .action(({ json }: { json?: boolean }) => printRows(COLUMNS, diagnose(), json));
}
