// fusescope record: start and stop recordings, keep what was stored, and look after those there are.
import { createReadStream, createWriteStream, statSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { Command, InvalidArgumentError } from 'commander';
import type { Recording } from '../../shared/recording.ts';
import { formatBytes, formatWall } from '../../shared/units.ts';
import type { ServerFlags } from './client.ts';
import { getJson, postJson, request, serverCommand } from './client.ts';
import { CliError } from './failure.ts';
import type { Column } from './table.ts';
import { printRows, visible } from './table.ts';

interface AboutFlags extends ServerFlags {
  name?: string;
  notes?: string;
  filter?: string;
  from?: string;
  to?: string;
}

const COLUMNS: readonly Column<Recording>[] = [
  { head: 'ID', value: (one) => String(one.id), right: true },
  { head: 'STATE', value: (one) => one.state },
  { head: 'FROM', value: (one) => one.source },
  { head: 'BEGINS', value: (one) => (one.fromUs === null ? '–' : formatWall(one.fromUs).text) },
  {
    head: 'SECONDS',
    value: (one) =>
      one.fromUs === null || one.toUs === null ? '–' : ((one.toUs - one.fromUs) / 1e6).toFixed(1),
    right: true,
  },
  { head: 'OPERATIONS', value: (one) => String(one.spans), right: true },
  { head: 'STALLS', value: (one) => String(one.stalls), right: true },
  { head: 'SIZE', value: (one) => formatBytes(one.sizeBytes).text, right: true },
  { head: 'NAME', value: (one) => one.name },
];

export function recordCommand(): Command {
  const record = new Command('record')
    .description('Keep stretches of the trace in files of their own, and look at them again.')
    .addHelpText('after', "\nExample: fusescope record start --name 'upload hangs'");
  for (const build of [start, keep, stop, list, show, rename, note, trim, save, open, remove])
    record.addCommand(build());
  return record;
}

const start = () =>
  sub('start', "fusescope record start --name 'upload hangs' --filter mount:/mnt/nas")
    .description('Begin a recording; it grows until it is stopped.')
    .option('--name <name>', 'what it is called')
    .option('--notes <text>', 'what it is about')
    .option('--filter <filter>', 'only these operations')
    .action(async (flags: AboutFlags) => {
      const { name, notes, filter } = flags;
      print(flags, [await postJson<Recording>(flags, '/api/recordings', given({ name, notes, filter }))]);
    });

const keep = () =>
  sub('keep', 'fusescope record keep --from 2026-01-31T14:00:00Z --to 2026-01-31T14:05:00Z')
    .description('Keep what is stored of a range: what was in flight at some time in it.')
    .requiredOption('--from <time>', 'µs since the epoch or RFC 3339')
    .option('--to <time>', 'its end; now where it is left out')
    .option('--name <name>', 'what it is called')
    .option('--notes <text>', 'what it is about')
    .option('--filter <filter>', 'only these operations')
    .action(async (flags: AboutFlags) => {
      const { name, notes, filter, from, to } = flags;
      const body = given({ name, notes, filter, from, to });
      print(flags, [await postJson<Recording>(flags, '/api/recordings', body)]);
    });

const stop = () =>
  sub('stop', 'fusescope record stop')
    .description('End a recording that grows; without a number, the only one.')
    .argument('[id]', 'its number', parseId)
    .action(async (id: number | undefined, flags: ServerFlags) => {
      const which = id ?? (await onlyGrowing(flags));
      print(flags, [await postJson<Recording>(flags, `/api/recordings/${which}/stop`, {})]);
    });

const list = () =>
  sub('list', 'fusescope record list')
    .description('List recordings, newest first.')
    .action(async (flags: ServerFlags) => print(flags, await all(flags)));

const show = () =>
  sub('show', 'fusescope record show 3')
    .description('Tell all of one recording.')
    .argument('<id>', 'its number', parseId)
    .action(async (id: number, flags: ServerFlags) => {
      const found = await getJson<Record<string, unknown>>(flags, `/api/recordings/${id}`);
      if (flags.json) process.stdout.write(`${JSON.stringify(found)}\n`);
      else {
        const lines = Object.entries(found).map(([name, value]) => `${name.padEnd(10)} ${inWords(value)}\n`);
        process.stdout.write(lines.join(''));
      }
    });

const rename = () =>
  sub('rename', "fusescope record rename 3 'upload hangs'")
    .description('Give a recording another name.')
    .argument('<id>', 'its number', parseId)
    .argument('<name>', 'its name')
    .action((id: number, name: string, flags: ServerFlags) => change(flags, id, { name }));

const note = () =>
  sub('note', "fusescope record note 3 'after the update of sshfs'")
    .description('Write what a recording is about.')
    .argument('<id>', 'its number', parseId)
    .argument('<text>', 'notes; "" removes them')
    .action((id: number, notes: string, flags: ServerFlags) => change(flags, id, { notes }));

const trim = () =>
  sub('trim', "fusescope record trim 3 --from 2026-01-31T14:00:00Z --filter 'op:read'")
    .description('Leave only what was in flight in a range and matches; the rest is gone for good.')
    .argument('<id>', 'its number', parseId)
    .option('--filter <filter>', 'only these operations')
    .option('--from <time>', 'µs since the epoch or RFC 3339')
    .option('--to <time>', 'µs since the epoch or RFC 3339')
    .action((id: number, flags: AboutFlags) => {
      const { filter, from, to } = flags;
      return change(flags, id, { trim: given({ filter, from, to }) });
    });

const save = () =>
  sub('save', 'fusescope record save 3 hang.fscope')
    .description('Write a recording as one SQLite file, to keep or to send; "-" is standard output.')
    .argument('<id>', 'its number', parseId)
    .argument('<file>', 'file to write, or -')
    .action(async (id: number, file: string, flags: ServerFlags) => {
      const { body } = await request(flags, `/api/recordings/${id}/file`);
      if (!body) throw new CliError('the server sent nothing. Try again');
      const to = file === '-' ? process.stdout : createWriteStream(file);
      await pipeline(Readable.fromWeb(body as ReadableStream), to);
    });

const open = () =>
  sub('open', 'fusescope record open hang.fscope')
    .description('Add the file of a recording, from this or another machine, to those of the server.')
    .argument('<file>', 'file to open')
    .option('--name <name>', 'what it is called; its own name where it is left out')
    .action(async (file: string, flags: AboutFlags) => {
      const size = statSync(file, { throwIfNoEntry: false });
      if (!size?.isFile())
        throw new CliError(`cannot open ${file} (there is no such file). Check the path`, 2);
      const body = Readable.toWeb(createReadStream(file)) as ReadableStream;
      const answer = await request(flags, '/api/recordings/file', { name: flags.name }, 'POST', body);
      print(flags, [(await answer.json()) as Recording]);
    });

const remove = () =>
  sub('delete', 'fusescope record delete 3')
    .description('Remove recordings for good.')
    .argument('<id...>', 'their numbers', (text, before: number[] | undefined) => [
      ...(before ?? []),
      parseId(text),
    ])
    .action(async (ids: number[], flags: ServerFlags) => {
      for (const id of ids) await request(flags, `/api/recordings/${id}`, {}, 'DELETE');
    });

function sub(name: string, example: string): Command {
  return serverCommand(name, example).option('--json', 'one JSON object a line');
}

async function change(flags: ServerFlags, id: number, body: object): Promise<void> {
  const answer = await request(flags, `/api/recordings/${id}`, {}, 'PATCH', body);
  print(flags, [(await answer.json()) as Recording]);
}

async function all(flags: ServerFlags): Promise<Recording[]> {
  return (await getJson<{ items: Recording[] }>(flags, '/api/recordings')).items;
}

async function onlyGrowing(flags: ServerFlags): Promise<number> {
  const growing = (await all(flags)).filter((one) => one.state === 'recording');
  const [one] = growing;
  if (!one) throw new CliError('there is nothing to stop (no recording is going on). Start one first');
  if (growing.length === 1) return one.id;
  const ids = growing.map(({ id }) => id).join(', ');
  throw new CliError(`which one? (${growing.length} are going on). Name one of ${ids}`, 2);
}

function print(flags: ServerFlags, rows: readonly Recording[]): void {
  printRows(COLUMNS, rows, flags.json);
}

/** Only what was given. */
function given(values: Record<string, string | undefined>): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

function inWords(value: unknown): string {
  return visible(typeof value === 'string' ? value : JSON.stringify(value));
}

function parseId(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give the number of a recording; "fusescope record list" shows them.');
}
