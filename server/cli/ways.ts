// fusescope abort, continue, unmount, signal and release: ways out of a stall. Each shows who is hit, asks, does it, and
// says whether it worked.
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { Option } from 'commander';
import type { Mount } from '../../shared/mount.ts';
import { type Action, type Outcome, type Preview, SIGNALS, type WayName } from '../../shared/ways.ts';
import { findMount } from './attach.ts';
import type { ServerFlags } from './client.ts';
import { getJson, postJson, serverCommand } from './client.ts';
import { CliError } from './failure.ts';
import { visible } from './table.ts';
import { previewText } from './way-text.ts';

interface WayFlags extends ServerFlags {
  yes?: boolean;
  signal?: string;
}

export function abortCommand(): Command {
  return way('abort', 'Abort the connection of a mount: whoever waits for it gets an error.');
}

export function continueCommand(): Command {
  return way('continue', 'Continue the daemon of a mount that was stopped.');
}

export function unmountCommand(): Command {
  return way('unmount', 'Unmount, lazily, a mount whose daemon has ended.');
}

export function releaseCommand(): Command {
  return way('release', 'Let an operation go on that an injected fault holds back.');
}

export function signalCommand(): Command {
  return command('signal', 'fusescope signal /mnt/nas 4711 --signal SIGKILL')
    .description('Send a signal to a process that waits for a mount.')
    .argument('<mountpoint>', 'where it is mounted, absolute')
    .argument('<pid>', 'one of those that wait')
    .addOption(new Option('--signal <name>', 'which').choices([...SIGNALS]).default('SIGTERM'))
    .action((mountpoint: string, pid: string, flags: WayFlags) => {
      if (!/^[1-9]\d{0,9}$/.test(pid)) throw new CliError(`"${pid}" is no process id. Give a number`, 2);
      return take('signal', mountpoint, flags, { pid: Number(pid), signal: flags.signal });
    });
}

function way(action: WayName, description: string): Command {
  return command(action, `fusescope ${action} /mnt/nas`)
    .description(description)
    .argument('<mountpoint>', 'where it is mounted, absolute')
    .action((mountpoint: string, flags: WayFlags) => take(action, mountpoint, flags, {}));
}

function command(action: WayName, example: string): Command {
  return serverCommand(action, example)
    .option('--yes', 'do not ask')
    .option('--json', 'preview and outcome as one JSON object a line');
}

async function take(action: WayName, mountpoint: string, flags: WayFlags, more: object): Promise<void> {
  const { items } = await getJson<{ items: Mount[] }>(flags, '/api/mounts', { gone: 'false' });
  const { id } = findMount(items, mountpoint);
  const actions = await getJson<{ items: Action[] }>(flags, `/api/mounts/${id}/actions`);
  const offer = actions.items.find((one) => one.action === action);
  if (!offer?.applies)
    throw new CliError(
      `${action} does not apply to ${mountpoint} (${offer?.effect.replace(/^Not offered: |\.$/g, '') ?? 'unknown'})`,
    );
  if (!offer.permitted)
    throw new CliError(
      `the server has no right to do this${offer.manual === null ? '' : `. Run: ${offer.manual}`}`,
    );
  const preview = await postJson<Preview>(flags, `/api/mounts/${id}/preview`, { action, ...more });
  const print = (text: string) => process.stdout.write(text);
  if (flags.json) print(`${JSON.stringify(preview)}\n`);
  else print(previewText(preview));
  if (!flags.yes) await confirm(`${preview.title}?`);
  const body = { token: preview.token, via: 'cli' };
  const outcome = await postJson<Outcome>(flags, `/api/mounts/${id}/${action}`, body);
  if (flags.json) print(`${JSON.stringify(outcome)}\n`);
  const { text } = outcome.audit;
  if (outcome.audit.outcome === 'failed') throw new CliError(`it did not work (${visible(text)})`);
  const next = outcome.next === null ? '' : ` ${outcome.next}`;
  if (outcome.audit.outcome === 'partly') throw new CliError(`${visible(text)}.${next}`);
  if (!flags.json) print(`${visible(text)}.${next}\n`);
}

/** @throws CliError unless somebody types "yes" */
async function confirm(question: string): Promise<void> {
  process.stderr.write(`${question} Type yes to go on: `);
  const lines = createInterface({ input: process.stdin });
  const answer = await new Promise<string>((resolve) => {
    lines.once('line', resolve);
    lines.once('close', () => resolve(''));
  });
  lines.close();
  if (answer.trim().toLowerCase() === 'yes') return;
  throw new CliError('nothing was done (not confirmed). Type yes, or use --yes');
}
