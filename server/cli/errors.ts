// fusescope errors: what failed, as patterns, the likely first cause on top. Of a server's trace or recording; of a log,
// without any server.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { Option } from 'commander';
import { LOG_FORMATS } from '../../shared/import.ts';
import { type ErrorsAnswer, errorsAnswer } from '../../shared/patterns/answer.ts';
import type { RankedPattern } from '../../shared/patterns/pattern.ts';
import { formatCount, formatRelative } from '../../shared/units.ts';
import { CodedError } from '../errors.ts';
import { LogReading } from '../import/reading.ts';
import { launchHere } from '../launch/launch.ts';
import { program } from '../setup/paths.ts';
import type { ServerFlags } from './client.ts';
import { getJson, serverCommand } from './client.ts';
import { CliError } from './failure.ts';
import { Progress } from './progress.ts';
import { type Column, formatTable, visible } from './table.ts';

interface ErrorsFlags extends ServerFlags {
  recording?: string;
  filter?: string;
  from?: string;
  to?: string;
  format: string;
  all?: boolean;
}

const ROLES: Readonly<Record<RankedPattern['role'], string>> = {
  cause: 'likely cause',
  cascade: 'then',
  end: 'ended with',
  apart: 'apart',
};
const MAX_TEXT = 160;

const COLUMNS: readonly Column<RankedPattern>[] = [
  { head: 'ROLE', value: (one) => ROLES[one.role] },
  { head: 'COUNT', value: (one) => formatCount(one.count).text, right: true },
  { head: 'FIRST', value: firstText },
  { head: 'TO THE NEXT', value: lagText },
  { head: 'WHAT', value: whatText },
];

export function errorsCommand(): Command {
  return serverCommand('errors', 'fusescope errors fusefs_tests.log')
    .description('What failed, folded into patterns: the likely first cause on top, then what followed.')
    .argument('[file]', 'a log to read, without a server; else the trace of the server')
    .option('--recording <number>', 'a recording of the server')
    .option('--filter <filter>', 'only operations of this filter')
    .option('--from <time>', 'µs since the epoch or RFC 3339; else the last hour')
    .option('--to <time>', 'µs since the epoch or RFC 3339')
    .addOption(new Option('--format <format>', 'of the log').choices([...LOG_FORMATS]).default('auto'))
    .option('--all', 'everyday answers too, such as ENOENT at a look-up')
    .option('--json', 'one JSON object a line, a pattern each')
    .action(async (file: string | undefined, flags: ErrorsFlags) => {
      const { recording, filter, from, to } = flags;
      const answer =
        file === undefined
          ? await getJson<ErrorsAnswer>(flags, '/api/errors', { recording, filter, from, to })
          : await ofLog(file, flags.format);
      const items = flags.all ? answer.items : answer.items.filter((one) => !one.ordinary);
      if (flags.json) process.stdout.write(items.map((one) => `${JSON.stringify(one)}\n`).join(''));
      else print(answer, items);
    });
}

function print(answer: ErrorsAnswer, items: readonly RankedPattern[]): void {
  if (items.length === 0) {
    process.stdout.write('No errors.\n');
    return;
  }
  process.stdout.write(formatTable(COLUMNS, items));
  const [first] = items;
  if (first?.role === 'cause') {
    process.stdout.write(`\nLikely the first cause: ${visible(first.example)}\n`);
    process.stdout.write(`  ${first.reasons.join('; ')}\n`);
  }
  if (answer.mount) {
    process.stdout.write(
      `\nA mount did not come up: ${visible(answer.mount.text)}\nWhat failed before, in order:\n`,
    );
    for (const [i, check] of answer.mount.checks.entries())
      process.stdout.write(`  ${i + 1}. ${visible(check.text)} (${formatCount(check.count).text} times)\n`);
  }
  if (!answer.complete)
    process.stdout.write('There was too much to look at all of it; narrow it with --from.\n');
}

/** Reads a log here; its operations are not kept. */
async function ofLog(file: string, format: string): Promise<ErrorsAnswer> {
  const facts = await stat(file).catch((error: Error) => error);
  if (facts instanceof Error)
    throw new CliError(`${file} cannot be read (${facts.message}). Name a file that is there`);
  const options = {
    program: program('fuse/logs/main'),
    format,
    mount: null,
    name: basename(file),
    modifiedUs: Math.round(facts.mtimeMs * 1_000),
  };
  const reading = new LogReading(options, launchHere);
  const progress = new Progress(basename(file), facts.size);
  try {
    const { patterns } = await reading.read(progress.count(createReadStream(file)), {
      mount: () => 0,
      spans: async () => {},
    });
    return errorsAnswer(patterns, { fromUs: null, toUs: null, complete: true });
  } catch (error) {
    if (error instanceof CodedError) throw new CliError(`${error.message} [${error.code}]`);
    throw error;
  } finally {
    progress.end();
    reading.stop();
  }
}

function firstText(one: RankedPattern): string {
  if (one.op === null) return `line ${one.firstOrder}`;
  return one.firstUs === null ? '–' : new Date(one.firstUs / 1_000).toISOString();
}

function lagText(one: RankedPattern): string {
  if (one.lagUs !== null && one.lagUs > 0) return formatRelative(one.lagUs).text;
  return one.lagLines === null ? '' : `${formatCount(one.lagLines).text} lines`;
}

function whatText(one: RankedPattern): string {
  const what = one.op === null ? one.text : `${one.op} ${one.error ?? ''} ${one.text}`;
  return what.length > MAX_TEXT ? `${what.slice(0, MAX_TEXT)}…` : what;
}
