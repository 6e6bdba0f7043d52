// fusescope faults: rules on a mirror that make operations slow, fail or hang, on purpose.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { Command } from 'commander';
import type { Fault } from '../../shared/api.ts';
import type { FaultEffect } from '../../shared/fault.ts';
import { FAULT_PRESETS } from '../../shared/fault-presets.ts';
import { describeEffect, describeMatch } from '../../shared/fault-text.ts';
import { formatCount } from '../../shared/units.ts';
import { sampleTrace } from '../faults/replay.ts';
import type { ServerFlags } from './client.ts';
import { getJson, postJson, request, serverCommand } from './client.ts';
import { CliError } from './failure.ts';
import { addFaultOptions, type FaultFlags, ruleFromFlags } from './fault-options.ts';
import type { Column } from './table.ts';
import { printRows } from './table.ts';

const COLUMNS: readonly Column<Fault>[] = [
  { head: 'FAULT', value: (fault) => fault.id },
  { head: 'ON', value: (fault) => (fault.enabled ? 'on' : 'off') },
  { head: 'HITS', value: (fault) => formatCount(fault.hits).text, right: true },
  { head: 'MATCHES', value: (fault) => formatCount(fault.matches).text, right: true },
  { head: 'HELD', value: (fault) => formatCount(fault.held).text, right: true },
  { head: 'OPERATIONS', value: (fault) => describeMatch(fault.match) },
  { head: 'WHAT HAPPENS', value: (fault) => describeEffect(fault.effect) },
  { head: 'MOUNT', value: (fault) => fault.mount },
];

const JSON_FLAG = ['--json', 'one JSON object a line'] as const;

export function faultsCommand(): Command {
  return new Command('faults')
    .description('Make operations of a mirror slow, fail or hang, on purpose.')
    .addHelpText('after', '\nExample: fusescope faults add /tmp/traced --op read --every 3 --errno EIO')
    .addCommand(list())
    .addCommand(add())
    .addCommand(one('remove', 'Remove a rule; what waits by it goes on.', 'DELETE'))
    .addCommand(one('on', 'Switch a rule on.', 'PATCH', { enabled: true }))
    .addCommand(one('off', 'Switch a rule off, and let go what waits by it.', 'PATCH', { enabled: false }))
    .addCommand(clear())
    .addCommand(presets());
}

function list(): Command {
  return serverCommand('list', 'fusescope faults list /tmp/traced')
    .description('List the rules, with how often each was met and done.')
    .argument('[mountpoint]', 'of one mirror; all without')
    .option(...JSON_FLAG)
    .action(async (mount: string | undefined, flags: ServerFlags) => {
      const { items } = await getJson<{ items: Fault[] }>(flags, '/api/faults', { mount });
      printRows(COLUMNS, items, flags.json);
    });
}

function add(): Command {
  const command = serverCommand(
    'add',
    'fusescope faults add /tmp/traced --op read,write --path "*.db" --delay 10ms..80ms',
  )
    .description('Add a rule; it holds from the next operation on.')
    .argument('<mountpoint>', 'where the mirror is')
    .option(...JSON_FLAG);
  return addFaultOptions(command).action(async (mount: string, flags: ServerFlags & FaultFlags) => {
    const rule = ruleFromFlags(flags, await replayOf(flags));
    printRows(COLUMNS, [await postJson<Fault>(flags, '/api/faults', { mount, rule })], flags.json);
  });
}

function one(name: string, description: string, method: 'DELETE' | 'PATCH', body?: object): Command {
  return serverCommand(name, `fusescope faults ${name} /tmp/traced errno-1f3a`)
    .description(description)
    .argument('<mountpoint>', 'where the mirror is')
    .argument('<fault>', 'name of the rule')
    .option(...JSON_FLAG)
    .action(async (mount: string, id: string, flags: ServerFlags) => {
      const answer = await request(flags, `/api/faults/${encodeURIComponent(id)}`, { mount }, method, body);
      if (method === 'PATCH') printRows(COLUMNS, [(await answer.json()) as Fault], flags.json);
      else process.stdout.write(flags.json ? `${JSON.stringify({ removed: id })}\n` : `${id} is removed.\n`);
    });
}

function clear(): Command {
  return serverCommand('clear', 'fusescope faults clear --all')
    .description('Remove every rule at once, and let everything go on that waits.')
    .argument('[mountpoint]', 'of one mirror')
    .option('--all', 'of all mirrors')
    .option(...JSON_FLAG)
    .action(async (mount: string | undefined, flags: ServerFlags & { all?: boolean }) => {
      if ((mount === undefined) !== (flags.all ?? false))
        throw new CliError('name a mount point, or --all. Try fusescope faults clear --help', 2);
      const answer = await request(flags, '/api/faults', { mount }, 'DELETE');
      const { cleared } = (await answer.json()) as { cleared: number };
      process.stdout.write(
        flags.json ? `${JSON.stringify({ cleared })}\n` : `${formatCount(cleared).text} removed.\n`,
      );
    });
}

function presets(): Command {
  return new Command('presets')
    .description('List the rules that have happened, and where.')
    .option(...JSON_FLAG)
    .addHelpText('after', '\nExample: fusescope faults presets')
    .action((flags: { json?: boolean }) => {
      const columns: Column<(typeof FAULT_PRESETS)[number]>[] = [
        { head: 'PRESET', value: (preset) => preset.name },
        { head: 'OPERATIONS', value: (preset) => describeMatch(preset.rule.match ?? {}) },
        { head: 'WHAT HAPPENS', value: (preset) => describeEffect(preset.rule.effect) },
        { head: 'IT HAPPENED', value: (preset) => preset.incident },
      ];
      printRows(columns, FAULT_PRESETS, flags.json);
    });
}

/** Samples of a trace or of a recording, where one is asked for. */
async function replayOf(flags: ServerFlags & FaultFlags): Promise<FaultEffect['replay']> {
  const file = flags.replay as string | undefined;
  const recording = flags.replayRecording as string | undefined;
  if (file === undefined && recording === undefined) return undefined;
  const input = file === undefined ? await recorded(flags, recording ?? '') : await opened(file);
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  const order = flags.inOrder ? 'in-order' : 'sampled';
  const { effect, spans, open, foreign } = await sampleTrace(lines, order);
  if (Object.keys(effect.samples).length === 0)
    throw new CliError(
      `there is nothing to replay (${spans} operations, ${foreign} other lines). Give an export in NDJSON`,
    );
  process.stderr.write(
    `${formatCount(spans).text} operations read; ${open} without an end are not replayed, ${foreign} lines were something else.\n`,
  );
  return effect;
}

async function opened(file: string): Promise<NodeJS.ReadableStream> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => error);
  if (found instanceof Error) throw new CliError(`${file} cannot be read (${found.message}). Check the path`);
  if (!found.isFile()) throw new CliError(`${file} is no file. Give an export in NDJSON`);
  return createReadStream(file);
}

async function recorded(flags: ServerFlags, recording: string): Promise<NodeJS.ReadableStream> {
  const { body } = await request(flags, '/api/export', { format: 'ndjson', recording });
  if (!body) throw new CliError('the server sent an empty answer');
  return Readable.fromWeb(body as import('node:stream/web').ReadableStream);
}
