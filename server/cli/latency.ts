// fusescope latency: percentiles by operation, or by another key.
import { type Command, Option } from 'commander';
import {
  HISTOGRAMS_BY,
  type HistogramAnswer,
  type HistogramsBy,
  type LatencyAnswer,
} from '../../shared/api.ts';
import { formatAge, formatDuration } from '../../shared/units.ts';
import type { ServerFlags } from './client.ts';
import { getJson, serverCommand } from './client.ts';
import type { Column } from './table.ts';
import { printRows } from './table.ts';
import { parseMs } from './values.ts';

const HEADS: Readonly<Record<HistogramsBy, string>> = {
  op: 'OPERATION',
  mount: 'MOUNT',
  comm: 'CALLER',
  path: 'PATH',
  size: 'SIZE',
  errno: 'RESULT',
  none: 'ALL',
};
const FIGURES: readonly Column<HistogramAnswer>[] = [
  { head: 'COUNT', value: (row) => String(row.count), right: true },
  { head: 'ERRORS', value: (row) => String(row.errors), right: true },
  { head: 'P50', value: (row) => duration(row.p50Ns), right: true },
  { head: 'P90', value: (row) => duration(row.p90Ns), right: true },
  { head: 'P99', value: (row) => duration(row.p99Ns), right: true },
  { head: 'P99.9', value: (row) => duration(row.p999Ns), right: true },
  { head: 'MAX', value: (row) => duration(row.maxNs), right: true },
  {
    head: 'OPEN',
    value: (row) => (row.open === 0 ? '0' : `${row.open}, ${formatAge(row.oldestOpenMs ?? 0).text}`),
    right: true,
  },
];

interface LatencyFlags extends ServerFlags {
  by: HistogramsBy;
  mount?: string;
  op?: string;
  filter: string;
  over?: number;
  from?: string;
  to?: string;
  recording?: string;
}

export function latencyCommand(): Command {
  return serverCommand('latency', 'fusescope latency --mount /mnt/nas --op read')
    .description('Percentiles by operation, or by another key.')
    .addOption(new Option('--by <key>', 'told apart by this').choices(HISTOGRAMS_BY).default('op'))
    .option('--mount <mount>', 'of this mount only')
    .option('--op <op>', 'of this operation only')
    .option('--filter <filter>', 'only operations of this filter', '')
    .addOption(
      new Option('--over <time>', 'of the last so much: 10s, 5m')
        .argParser(parseMs)
        .conflicts(['from', 'to']),
    )
    .option('--from <time>', 'µs since the epoch or RFC 3339')
    .option('--to <time>', 'µs since the epoch or RFC 3339')
    .option('--recording <number>', 'of this recording instead of what is stored')
    .option('--json', 'one JSON object a line')
    .action(async (flags: LatencyFlags) => {
      const terms = [
        ...(flags.mount === undefined ? [] : [`mount:${JSON.stringify(flags.mount)}`]),
        ...(flags.op === undefined ? [] : [`op:${flags.op}`]),
        ...(flags.filter === '' ? [] : [flags.filter]),
      ];
      const { to, over, recording } = flags;
      const from = over === undefined ? flags.from : String((Date.now() - over) * 1_000);
      const answer = await getJson<LatencyAnswer>(flags, '/api/latency', {
        by: flags.by,
        filter: terms.join(' '),
        from,
        to,
        recording,
      });
      const named = { head: HEADS[flags.by], value: (row: HistogramAnswer) => row.key || '–' };
      printRows([named, ...FIGURES], answer.items, flags.json);
      const rest = answer.keys - answer.items.length;
      if (rest > 0) process.stderr.write(`fusescope: ${rest} more have fewer operations each\n`);
    });
}

function duration(ns: number | null): string {
  return ns === null ? '–' : formatDuration(ns).text;
}
