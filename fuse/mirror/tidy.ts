// Takes away mirrors whose process is gone, such as those of a server that was killed with all of its processes. One
// that answers, or only hangs, is left alone. Prints a line for each; ends with 1 where one could not be taken away.
import { readMountinfo } from '../mountinfo.ts';
import { FS_TYPE } from './fs-type.ts';
import { probe, unmount } from './unmount.ts';

async function tidy(mountpoint: string): Promise<void> {
  if ((await probe(mountpoint)) !== 'dead') return;
  const refusal = await unmount(mountpoint, true);
  if (refusal === null) {
    process.stdout.write(`${mountpoint} was dead and is unmounted\n`);
    return;
  }
  process.stderr.write(`fusescope: ${mountpoint} is dead and cannot be unmounted (${refusal})\n`);
  process.exitCode = 1;
}

process.chdir('/');
const mirrors = readMountinfo().filter((entry) => entry.fsType === FS_TYPE);
await Promise.all(mirrors.map((entry) => tidy(entry.mountpoint)));
