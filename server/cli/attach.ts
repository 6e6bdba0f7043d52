// fusescope attach and detach: what the kernel tap listens to.
import type { Command } from 'commander';
import type { Mount } from '../../shared/mount.ts';
import type { ServerFlags } from './client.ts';
import { getJson, postJson, serverCommand } from './client.ts';
import { CliError } from './failure.ts';
import type { Column } from './table.ts';
import { printRows } from './table.ts';

interface AttachFlags extends ServerFlags {
  all?: boolean;
}

const COLUMNS: readonly Column<Mount>[] = [
  { head: 'MOUNT', value: (mount) => mount.mount },
  { head: 'CAPTURE', value: (mount) => mount.tier },
  { head: 'WHY', value: (mount) => mount.tierReason ?? '', ditto: true },
];

export function attachCommand(): Command {
  return change('attach', 'fusescope attach /mnt/nas', 'Listen to the requests of mounts, in the kernel.');
}

export function detachCommand(): Command {
  return change('detach', 'fusescope detach /mnt/nas', 'Listen to mounts no longer; remembered.');
}

function change(verb: 'attach' | 'detach', example: string, description: string): Command {
  return serverCommand(verb, example)
    .description(description)
    .argument('[mountpoint...]', 'where they are mounted, absolute')
    .option('--all', 'every mount of this machine')
    .option('--json', 'one JSON object a line')
    .action(async (mountpoints: string[], flags: AttachFlags) => {
      if (mountpoints.length > 0 === (flags.all ?? false))
        throw new CliError(`name mount points, or --all. Try fusescope ${verb} --help`, 2);
      const { items } = await getJson<{ items: Mount[] }>(flags, '/api/mounts', { gone: 'false' });
      const chosen = flags.all
        ? items.filter((mount) => mount.kind === 'kernel')
        : mountpoints.map((mountpoint) => findMount(items, mountpoint));
      const changed: Mount[] = [];
      for (const { id } of chosen) changed.push(await postJson<Mount>(flags, `/api/mounts/${id}/${verb}`));
      printRows(COLUMNS, changed, flags.json);
      if (verb === 'attach' && changed.some((mount) => mount.tier !== 'bpf' && mount.tier !== 'tracefs'))
        throw new CliError('not every mount is listened to (WHY says it). Run fusescope doctor');
    });
}

/**
 * The one that the kernel knows, where several sources tell of the mount point.
 * @throws CliError where there is none
 */
export function findMount(mounts: readonly Mount[], mountpoint: string): Mount {
  const path = mountpoint.length > 1 ? mountpoint.replace(/\/+$/, '') : mountpoint;
  const found = mounts.filter((mount) => mount.mount === path || mount.alsoAt.includes(path));
  const mount = found.find((one) => one.connection !== null);
  if (mount) return mount;
  throw new CliError(`no FUSE mount at ${mountpoint}. "fusescope mounts" lists them`);
}
