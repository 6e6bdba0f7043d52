// fusescope run: a capture around a command, with a summary, a budget, and the trace kept where something is wrong.
import { spawn } from 'node:child_process';
import { createWriteStream, existsSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { extname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import type { Command } from 'commander';
import { formatCount, formatDuration } from '../../shared/units.ts';
import { type Budget, judge, readBudget, type Verdict } from '../run/budget.ts';
import { junitXml } from '../run/junit.ts';
import { Session } from '../run/session.ts';
import type { OperationSummary, Summary } from '../run/summary.ts';
import { compareCounts, readBaseline } from '../testing/expectations.ts';
import { operationsTable } from '../testing/report.ts';
import { request, type ServerFlags, serverCommand } from './client.ts';
import { CliError } from './failure.ts';
import { type Column, formatTable, visible } from './table.ts';

interface RunFlags extends ServerFlags {
  filter: string;
  budget?: string;
  baseline?: string;
  failOnStall?: boolean;
  junit?: string;
  out?: string;
}

const STALLED = 4;
const OVER_BUDGET = 3;
const FORMATS: Readonly<Record<string, string>> = { '.ndjson': 'ndjson', '.csv': 'csv', '.json': 'chrome' };

const COLUMNS: readonly Column<OperationSummary>[] = [
  { head: 'OPERATION', value: ({ op }) => op },
  { head: 'COUNT', value: ({ count }) => formatCount(count).text, right: true },
  { head: 'ERRORS', value: ({ errors }) => (errors === 0 ? '–' : formatCount(errors).text), right: true },
  { head: 'OPEN', value: ({ open }) => (open === 0 ? '–' : String(open)), right: true },
  { head: 'P50', value: ({ p50Ns }) => duration(p50Ns), right: true },
  { head: 'P99', value: ({ p99Ns }) => duration(p99Ns), right: true },
  { head: 'SLOWEST', value: ({ maxNs }) => duration(maxNs), right: true },
];

export function runCommand(): Command {
  const command = serverCommand('run', 'fusescope run --fail-on-stall --budget budget.json -- pytest tests/')
    .description('Run a command and say what it did on FUSE mounts; fail it on a stall or a budget.')
    .argument('<command...>', 'the command, after --')
    .option('--filter <filter>', 'only these operations count', '')
    .option('--budget <file>', 'JSON file with what it may cost')
    .option(
      '--baseline <file>',
      'JSON file with how often each operation is done; written where it is missing',
    )
    .option('--fail-on-stall', 'exit with 4 where an operation stalled')
    .option('--junit <file>', 'write the verdicts as JUnit XML')
    .option('--out <file>', 'keep the trace: .pftrace, .json, .csv or .ndjson; else kept on failure only')
    .option('--json', 'print the summary as one JSON object')
    .addHelpText(
      'after',
      '\nA server is asked where --server or FUSESCOPE_SERVER names one; else one runs beside the command.\n' +
        "Exit status: the command's own if it is not 0, else 4 for a stall, 3 for a budget or baseline, 0.",
    );
  return command.action(async (words: string[], flags: RunFlags) => {
    const named = command.getOptionValueSource('server') !== 'default' || process.env.FUSESCOPE_SERVER;
    process.exitCode = await run(words, flags, named ? flags.server : null);
  });
}

async function run(words: readonly string[], flags: RunFlags, server: string | null): Promise<number> {
  const budget = flags.budget === undefined ? null : usage(() => readBudget(flags.budget ?? ''));
  const address = server === null ? null : { url: server, token: flags.token ?? null };
  const session = await Session.start({ server: address, filter: flags.filter });
  try {
    const startedMs = performance.now();
    const status = await runChild(words, session.env);
    const seconds = (performance.now() - startedMs) / 1_000;
    await session.finish();
    const summary = await session.summary();
    const verdicts = verdictsOf(status, summary, budget, flags);
    const exit = exitStatus(status, verdicts, flags);
    report(words, seconds, summary, verdicts, flags);
    if (flags.junit !== undefined) writeFileSync(flags.junit, junitXml(words.join(' '), verdicts, seconds));
    const out = flags.out ?? (exit === 0 ? null : `fusescope-run-${process.pid}.ndjson`);
    if (out !== null) await keep(out, session, flags);
    return exit;
  } finally {
    await session.close();
  }
}

/** A folder of PATH that may not be looked into makes spawn say EACCES of a program that is nowhere. */
function isFound(program: string): boolean {
  const folders = program.includes('/') ? [''] : (process.env.PATH ?? '').split(':');
  return folders.some((folder) => existsSync(join(folder, program)));
}

/** The status of a shell: 128 and the signal where one ended it, 127 and 126 where it cannot be run. */
function runChild([program = '', ...args]: readonly string[], env: Record<string, string>): Promise<number> {
  const child = spawn(program, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  // A Ctrl-C reaches the command by itself; this process stays to tell what it did.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      process.stderr.write(`fusescope: cannot run ${visible(program)} (${error.message}). Check its name\n`);
      resolve(isFound(program) ? 126 : 127);
    });
    child.once('close', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}

function verdictsOf(status: number, summary: Summary, budget: Budget | null, flags: RunFlags): Verdict[] {
  const verdicts: Verdict[] = [{ name: 'command', ok: status === 0, text: `exit status ${status}` }];
  if (flags.failOnStall) {
    const { length } = summary.stalls;
    verdicts.push({ name: 'no stalls', ok: length === 0, text: `${length} stalled` });
  }
  if (budget) verdicts.push(...judge(summary, budget));
  if (flags.baseline !== undefined) verdicts.push(againstBaseline(summary, flags.baseline));
  return verdicts;
}

function againstBaseline(summary: Summary, file: string): Verdict {
  if (!existsSync(file)) {
    writeFileSync(file, `${JSON.stringify({ version: 1, by: 'op', counts: summary.counts() }, null, 2)}\n`);
    return { name: 'baseline', ok: true, text: `written to ${file}` };
  }
  const baseline = usage(() => readBaseline(file));
  const wrong = compareCounts(summary.counts(), baseline.counts, file);
  return { name: 'baseline', ok: wrong === null, text: wrong ?? `as in ${file}` };
}

function exitStatus(status: number, verdicts: readonly Verdict[], flags: RunFlags): number {
  if (status !== 0) return status;
  const wrong = verdicts.filter(({ ok }) => !ok);
  if (flags.failOnStall && wrong.some(({ name }) => name === 'no stalls')) return STALLED;
  return wrong.length > 0 ? OVER_BUDGET : 0;
}

function report(
  words: readonly string[],
  seconds: number,
  summary: Summary,
  verdicts: readonly Verdict[],
  flags: RunFlags,
): void {
  if (flags.json) {
    const { count, lost, stalls } = summary;
    const operations = summary.operations();
    const errors = Object.fromEntries(summary.errors());
    const shown = { command: words, seconds, count, lost, operations, errors, stalls, verdicts };
    process.stdout.write(`${JSON.stringify(shown)}\n`);
    return;
  }
  // On stderr: standard output is the command's.
  const say = (text: string) => process.stderr.write(text);
  const total = `${formatCount(summary.count).text} operations in ${formatDuration(seconds * 1e9).text}`;
  say(`\nfusescope: ${total}${summary.lost > 0 ? `, ${formatCount(summary.lost).text} events lost` : ''}\n`);
  if (summary.count > 0) {
    say(formatTable(COLUMNS, summary.operations()));
    const errors = summary.errors().map(([error, count]) => `${formatCount(count).text} ${error}`);
    if (errors.length > 0) say(`Errors: ${errors.join(', ')}\n`);
    say(`Slowest:\n${operationsTable(summary.slowest())}`);
  }
  for (const { span, ageMs, cause } of summary.stalls) {
    const why = cause ? `: ${cause.text}` : '';
    say(visible(`Stalled: ${span.op} ${span.path ?? ''} ${formatDuration(ageMs * 1e6).text}${why}`));
    say('\n');
  }
  for (const { name, ok, text } of verdicts) say(`${ok ? 'ok  ' : 'FAIL'} ${name}: ${text}\n`);
}

async function keep(file: string, session: Session, flags: RunFlags): Promise<void> {
  const format = FORMATS[extname(file)] ?? 'perfetto';
  const at = { ...flags, server: session.server.url };
  const { body } = await request(at, '/api/export', { format, ...session.range });
  if (!body) throw new CliError('the server sent no trace. Try again');
  await pipeline(Readable.fromWeb(body as ReadableStream), createWriteStream(file));
  process.stderr.write(`Trace kept in ${file}\n`);
}

function usage<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new CliError((error as Error).message, 2);
  }
}

function duration(ns: number | null): string {
  return ns === null ? '–' : formatDuration(ns).text;
}
