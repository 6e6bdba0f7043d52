// fusescope top: what costs most just now, by caller, path, operation and more; renewed on a terminal.
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { Option } from 'commander';
import { BREAKDOWNS, type BreakdownAnswer, type BreakdownBy } from '../../shared/groups.ts';
import { formatBytes, formatCount, formatDuration } from '../../shared/units.ts';
import type { ServerFlags } from './client.ts';
import { getJson, serverCommand } from './client.ts';
import { type Column, formatTable, printRows } from './table.ts';
import { parseMs } from './values.ts';

const RENEW_MS = 2_000;
/** Clears a terminal and goes to its first line. */
const CLEAR = '\x1b[H\x1b[2J\x1b[3J';

type Group = BreakdownAnswer['items'][number];

interface TopFlags extends ServerFlags {
  by: BreakdownBy;
  filter: string;
  over: number;
  lines: string;
  once?: boolean;
}

export function topCommand(): Command {
  return serverCommand('top', "fusescope top --by path --filter 'mount:/mnt/nas' --over 1m")
    .description(
      'What costs most just now. Renewed every 2 s on a terminal until Ctrl-C, printed once elsewhere.',
    )
    .addOption(
      new Option('--by <what>', 'what operations are added up by')
        .choices([...BREAKDOWNS])
        .default('process'),
    )
    .option('--filter <filter>', 'only these operations', '')
    .option('--over <time>', 'of the last so much: 10s, 5m', parseMs, 10_000)
    .option('--lines <count>', 'at most so many', '20')
    .option('--once', 'print once, on a terminal too')
    .option('--json', 'one JSON object a line, once')
    .action(top);
}

async function top(flags: TopFlags): Promise<void> {
  const live = process.stdout.isTTY === true && !flags.once && !flags.json;
  if (!live) {
    const { items } = await ask(flags);
    printRows(columnsOf(flags), items, flags.json);
    return;
  }
  for (;;) {
    const answer = await ask(flags);
    const total = `${formatCount(answer.total).text} operations in ${formatDuration(flags.over * 1e6).text}`;
    process.stdout.write(
      `${CLEAR}${total}, by ${flags.by}\n\n${formatTable(columnsOf(flags), answer.items)}`,
    );
    await delay(RENEW_MS);
  }
}

function ask(flags: TopFlags): Promise<BreakdownAnswer> {
  return getJson<BreakdownAnswer>(flags, '/api/latency/breakdown', {
    by: flags.by,
    filter: flags.filter,
    limit: flags.lines,
    from: String(Date.now() * 1_000 - flags.over * 1_000),
  });
}

function columnsOf({ by, over }: TopFlags): readonly Column<Group>[] {
  const perSecond = (value: number) => (value * 1_000) / over;
  return [
    { head: by.toUpperCase(), value: (row) => (row.key === '' ? '–' : row.key) },
    { head: 'OPS', value: (row) => formatCount(row.count).text, right: true },
    { head: 'OPS/S', value: (row) => perSecond(row.count).toFixed(1), right: true },
    { head: 'ERRORS', value: (row) => formatCount(row.errors).text, right: true },
    { head: 'BYTES/S', value: (row) => formatBytes(perSecond(row.bytes)).text, right: true },
    { head: 'TIME', value: (row) => formatDuration(row.sumNs).text, right: true },
    { head: 'P50', value: (row) => duration(row.p50Ns), right: true },
    { head: 'P99', value: (row) => duration(row.p99Ns), right: true },
    { head: 'MAX', value: (row) => duration(row.maxNs), right: true },
  ];
}

const duration = (ns: number | null) => (ns === null ? '–' : formatDuration(ns).text);
