// fusescope probe visibility: how long after a write here a file is visible there.
import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { formatDuration } from '../../shared/units.ts';
import { type Delays, type ProbeSummary, summaryOf } from '../probe/delays.ts';
import { ProbeError, probeVisibility } from '../probe/visibility.ts';
import { CliError } from './failure.ts';
import { type Column, formatTable } from './table.ts';
import { parseMs } from './values.ts';

const BAR = 40;
/** Budgets have the status that they have in `fusescope run`. */
const OVER_BUDGET = 3;

interface ProbeFlags {
  write: string;
  read: string;
  count: number;
  interval: number;
  timeout: number;
  budget?: number;
  json?: boolean;
}

export function probeCommand(): Command {
  const probe = new Command('probe')
    .description('Measure what no trace can tell.')
    .addHelpText('after', '\nExample: fusescope probe visibility --write /mnt/a --read /mnt/b');
  probe
    .command('visibility')
    .description(
      'Write marked files in one directory, look for them in another, and tell how long each took to appear.',
    )
    .requiredOption('--write <dir>', 'where files are written')
    .requiredOption(
      '--read <dir>',
      'where they shall appear; another mount of the same, or the same directory',
    )
    .option('--count <files>', 'how many', parseCount, 20)
    .option('--interval <time>', 'between two writes', parseMs, 200)
    .option('--timeout <time>', 'after which a file has never appeared', parseMs, 10_000)
    .option(
      '--budget <time>',
      'exit with 3 where the p99 of opening is over it, or a file never appeared',
      parseMs,
    )
    .option('--json', 'the summary as one JSON object')
    .addHelpText(
      'after',
      '\nExample: fusescope probe visibility --write /mnt/a/inbox --read /mnt/b/inbox --budget 2s\nNeeds no server. Files are called .fusescope-probe-…, and are removed at the end.',
    )
    .action(visibility);
  return probe;
}

async function visibility(flags: ProbeFlags): Promise<void> {
  const { count, interval, timeout } = flags;
  const [write, read] = [resolve(flags.write), resolve(flags.read)];
  const options = { write, read, count, intervalMs: interval, timeoutMs: timeout };
  const sightings = await probeVisibility(options).catch((error: unknown) => {
    if (error instanceof ProbeError) throw new CliError(error.message);
    throw error;
  });
  const summary = summaryOf(sightings);
  process.stdout.write(flags.json ? `${JSON.stringify(summary)}\n` : text(summary));
  const { p99Ms, never } = summary.open;
  if (flags.budget !== undefined && (never > 0 || (p99Ms ?? 0) > flags.budget))
    process.exitCode = OVER_BUDGET;
}

const COLUMNS: readonly Column<[name: string, delays: Delays]>[] = [
  { head: 'UNTIL IT', value: ([name]) => name },
  { head: 'SEEN', value: ([, { seen }]) => String(seen), right: true },
  { head: 'NEVER', value: ([, { never }]) => String(never), right: true },
  { head: 'P50', value: ([, { p50Ms }]) => time(p50Ms), right: true },
  { head: 'P90', value: ([, { p90Ms }]) => time(p90Ms), right: true },
  { head: 'P99', value: ([, { p99Ms }]) => time(p99Ms), right: true },
  { head: 'MAX', value: ([, { maxMs }]) => time(maxMs), right: true },
];

function text(summary: ProbeSummary): string {
  const { open, list, histogram, vanished, reappeared, listAfterOpenMs } = summary;
  const most = Math.max(1, ...histogram.map(({ count }) => count));
  const bars = histogram.map(({ upToMs, count }) =>
    `${`≤ ${time(upToMs)}`.padStart(12)} ${String(count).padStart(5)} ${'█'.repeat(Math.ceil((count / most) * BAR))}`.trimEnd(),
  );
  const notes = [
    ...(listAfterOpenMs === null ? [] : [lagText(listAfterOpenMs)]),
    ...(vanished === 0 ? [] : [`${vanished} were seen and then gone; ${reappeared} of them came back.`]),
  ];
  const table = formatTable(COLUMNS, [
    ['opens', open],
    ['is listed', list],
  ]);
  return [table, ...bars.map((bar) => `${bar}\n`), ...notes.map((note) => `${note}\n`)].join('');
}

function lagText(ms: number): string {
  return ms >= 0
    ? `The listing has a file ${time(ms)} after it opens (median).`
    : `The listing has a file ${time(-ms)} before it opens (median).`;
}

const time = (ms: number | null) => (ms === null ? '–' : formatDuration(ms * 1e6).text);

function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 10_000)
    throw new InvalidArgumentError('Give a number of files from 1 to 10000.');
  return count;
}
