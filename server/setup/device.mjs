// /dev/fuse for the tests that mount as a user without rights. udev opens it to everyone (mode 0666); a machine without
// udev, such as a container or a small virtual machine, leaves it to root.
import { chmodSync, statSync } from 'node:fs';
import { say } from './say.mjs';

const DEVICE = '/dev/fuse';

/** As root, gives the device the mode that udev would give it; says so where that changes anything.  @type {(device?: string) => void} */
export function openDevice(device = DEVICE) {
  if (process.getuid?.() !== 0) return;
  const stats = statSync(device, { throwIfNoEntry: false });
  if (!stats || (stats.mode & 0o666) === 0o666) return;
  chmodSync(device, 0o666);
  say(`${device} was for root alone; it is for everyone now, as udev has it (tests mount as a user).`);
}
