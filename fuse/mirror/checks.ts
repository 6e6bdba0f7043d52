// Everything that can be known to fail before mounting, each with its own sentence. Mounted directories are
// recognised from mountinfo first, and never touched by this process.
import { constants, promises as fs, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { isFuse } from '../../shared/mountinfo.ts';
import { mountAt } from '../mountinfo.ts';
import type { MirrorArgs } from './args.ts';
import { errnoOf, Failure } from './failure.ts';
import { findFusermount, probe, unmount } from './unmount.ts';

/** libfuse and the patched library hold the mount point in a buffer of this size. */
const MAX_MOUNTPOINT = 1023;
const CAP_SYS_ADMIN = 21n;
/** A source that is itself a stuck mount would never answer. */
const SOURCE_TIMEOUT_MS = 5000;

export interface Places {
  source: string;
  mountpoint: string;
}

/**
 * Resolves and checks both directories and the machine, and clears a stale mount of a dead daemon.
 * @returns absolute paths without symbolic links.
 * @throws Failure saying what is wrong and what to do.
 */
export async function checkPlaces(args: MirrorArgs): Promise<Places> {
  const source = await checkSource(resolve(args.source));
  const what = `cannot mount on ${resolve(args.mountpoint)}`;
  const mountpoint = await resolveMountpoint(resolve(args.mountpoint), what);
  checkApart(source, mountpoint, what);
  await checkMountpoint(mountpoint, what);
  return { source, mountpoint };
}

async function checkSource(path: string): Promise<string> {
  const what = `cannot mirror ${path}`;
  try {
    const real = await withinTime(fs.realpath(path));
    const stat = await withinTime(fs.stat(real));
    if (!stat.isDirectory()) throw new Failure(what, 'it is not a directory', 'Give a directory as SOURCE');
    await withinTime(fs.access(real, constants.R_OK | constants.X_OK));
    return real;
  } catch (error) {
    if (error instanceof Failure) throw error;
    const code = errnoOf(error);
    if (code === 'ENOENT') throw new Failure(what, 'it does not exist', 'Check the path');
    if (code === 'EACCES')
      throw new Failure(what, 'no permission to read it', 'Run as a user who may, or as root');
    throw new Failure(what, code, 'Check that the directory can be read');
  }
}

async function checkMountpoint(real: string, what: string): Promise<void> {
  const stat = await fs.lstat(real);
  if (!stat.isDirectory()) throw new Failure(what, 'it is not a directory', 'Give an empty directory');
  if (process.geteuid?.() !== 0) {
    await fs.access(real, constants.W_OK).catch(() => {
      throw new Failure(what, 'no permission to write to it', 'Give a directory of your own, or run as root');
    });
  }
  if ((await fs.readdir(real)).length > 0) {
    throw new Failure(what, 'it is not empty', 'Give an empty directory, its content would be hidden');
  }
  if (Buffer.byteLength(real) > MAX_MOUNTPOINT) {
    throw new Failure(what, `its path is longer than ${MAX_MOUNTPOINT} bytes`, 'Give a shorter path');
  }
}

/** The mount point without symbolic links, free of mounts. Only its parents are touched until that is known. */
async function resolveMountpoint(path: string, what: string): Promise<string> {
  try {
    const parent = await fs.realpath(dirname(path));
    const real = path === sep ? path : join(parent, basename(path));
    await clearMount(real, what);
    if (!(await fs.lstat(real)).isSymbolicLink()) return real;
    return await resolveMountpoint(resolve(parent, await fs.readlink(real)), what);
  } catch (error) {
    if (error instanceof Failure) throw error;
    const code = errnoOf(error);
    if (code === 'ENOENT') throw new Failure(what, 'it does not exist', `Make it first: mkdir -p ${path}`);
    if (code === 'ENOTDIR')
      throw new Failure(what, 'a part of its path is not a directory', 'Check the path');
    if (code === 'EACCES')
      throw new Failure(what, 'no permission', 'Give a directory of your own, or run as root');
    throw new Failure(what, code, 'Check the path');
  }
}

/** Unmounts what a dead daemon left behind; anything else that is mounted there is a refusal. */
async function clearMount(mountpoint: string, what: string): Promise<void> {
  for (let mounted = mountAt(mountpoint); mounted; mounted = mountAt(mountpoint)) {
    if (!isFuse(mounted)) {
      throw new Failure(
        what,
        `${mounted.fsType} is mounted there`,
        'Give a directory on which nothing is mounted',
      );
    }
    const state = await probe(mountpoint);
    if (state === 'silent') {
      throw new Failure(
        what,
        `a ${mounted.fsType} mount of ${mounted.source} is there and does not answer`,
        `Unmount it first: fusermount -uz ${mountpoint}`,
      );
    }
    if (state === 'alive') {
      throw new Failure(
        what,
        `a ${mounted.fsType} mount of ${mounted.source} is already there`,
        `Unmount it first: fusermount -u ${mountpoint}`,
      );
    }
    const refusal = await unmount(mountpoint, true);
    // A watcher of the dead daemon may have been quicker.
    if (refusal && mountAt(mountpoint)?.id === mounted.id) {
      throw new Failure(
        what,
        `a dead mount is there and cannot be cleared: ${refusal}`,
        `As root: umount -l ${mountpoint}`,
      );
    }
  }
}

function checkApart(source: string, mountpoint: string, what: string): void {
  const inside = (inner: string, outer: string) => inner.startsWith(outer === sep ? sep : outer + sep);
  const elsewhere = 'Give a directory outside of the source';
  if (source === mountpoint) throw new Failure(what, 'it is the source itself', elsewhere);
  if (inside(mountpoint, source)) throw new Failure(what, `it is inside the source ${source}`, elsewhere);
  if (inside(source, mountpoint)) throw new Failure(what, `the source ${source} is inside it`, elsewhere);
}

/** Checks what the machine must offer. @throws Failure */
export function checkMachine(args: MirrorArgs): void {
  const what = 'cannot mount';
  try {
    statSync('/dev/fuse');
  } catch {
    throw new Failure(
      what,
      '/dev/fuse is missing',
      'Load it with modprobe fuse; in a container, run with --device /dev/fuse',
    );
  }
  const fusermount = findFusermount();
  if (!fusermount) throw new Failure(what, 'fusermount is missing', 'As root: apt-get install -y fuse3');
  if (process.geteuid?.() === 0) {
    const effective = /^CapEff:\t([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
    if (!((BigInt(`0x${effective}`) >> CAP_SYS_ADMIN) & 1n)) {
      throw new Failure(
        what,
        'root without CAP_SYS_ADMIN',
        'In a container, run with --cap-add SYS_ADMIN --device /dev/fuse',
      );
    }
    return;
  }
  if (!(statSync(fusermount).mode & 0o4000)) {
    throw new Failure(
      what,
      `${fusermount} is not set-user-id root`,
      'Reinstall it: apt-get install --reinstall fuse3',
    );
  }
  if (args.allowOther && !/^\s*user_allow_other\s*$/m.test(readIfThere('/etc/fuse.conf'))) {
    throw new Failure(
      what,
      'only root may use --allow-other',
      'Add the line user_allow_other to /etc/fuse.conf, or leave the option out',
    );
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

async function withinTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no answer within ${SOURCE_TIMEOUT_MS / 1000} s`)),
      SOURCE_TIMEOUT_MS,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
