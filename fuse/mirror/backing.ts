// The mirrored directory: each operation done on the file behind it. Asynchronous throughout, because a blocked
// event loop would stall the whole mount. What Node's fs lacks or rounds (times, inode numbers, attributes,
// special files) goes through the C half, see fuse_native_backing in the patch.
import fs from 'node:fs';
import type { Call, Raw, Reply } from './call.ts';
import { wide } from './call.ts';
import { fsName } from './names.ts';
import type { Binding, OpKey, Request } from './native.ts';

type Run<K extends OpKey> = (request: Request, raw: Raw[K], call: Call, reply: Reply) => void;
export type Backing = { [K in Exclude<OpKey, 'init'>]: Run<K> };

const PATH_MAX = 4096;
const { ENAMETOOLONG, EIO } = { ENAMETOOLONG: 36, EIO: 5 };
const { O_CREAT, O_DIRECT, O_DIRECTORY, O_RDONLY, S_IFMT, S_IFREG } = fs.constants;
const S_ISGID = 0o2000;
const SET_ID_BITS = 0o6000;
/** libfuse renames a file that is unlinked while open to this, and unlinks it on the last close. */
const HIDDEN = /\/\.fuse_hidden[0-9a-f]+$/;

/** @returns a negative errno. */
export function errnoFrom(error: unknown): number {
  const errno = (error as NodeJS.ErrnoException | null)?.errno;
  return typeof errno === 'number' && Number.isInteger(errno) && errno < 0 ? errno : -EIO;
}

/**
 * @param root the source directory, absolute and resolved, in bytes (one char a byte).
 * @param hidden filled with the paths (in bytes, absolute) of unlinked files that are still open.
 */
export function createBacking(binding: Binding, root: string, hidden: Set<string>): Backing {
  const asRoot = process.geteuid?.() === 0;
  const real = (path: string) => (path === '/' ? root : root + path);
  const finish = (reply: Reply) => (error: Error | null) => reply(error ? errnoFrom(error) : 0);

  /** For requests that the C half does whole. */
  const native = (
    request: Request,
    [path]: [path: string, ...rest: unknown[]],
    _call: Call,
    reply: Reply,
  ) => {
    const target = real(path);
    // Node's fs gets this from the kernel; the C half has a buffer of this size.
    if (target.length >= PATH_MAX) reply(-ENAMETOOLONG);
    else binding.fuse_native_backing(request, target, reply);
  };

  /** Gives what root made for a caller to that caller, as the kernel would have: the group by a set-group-id parent. */
  const adopt = (path: string, mode: number, call: Call, reply: Reply) => {
    if (!asRoot || (call.uid === 0 && call.gid === 0)) return reply(0);
    const parent = path.slice(0, path.lastIndexOf('/')) || '/';
    fs.lstat(fsName(parent), (statError, stat) => {
      if (statError) return reply(errnoFrom(statError));
      const gid = stat.mode & S_ISGID ? -1 : call.gid;
      fs.lchown(fsName(path), call.uid, gid, (error) => {
        if (error) return reply(errnoFrom(error));
        // chown clears these on files.
        if ((mode & S_IFMT) === S_IFREG && mode & SET_ID_BITS)
          fs.chmod(fsName(path), mode & 0o7777, finish(reply));
        else reply(0);
      });
    });
  };

  return {
    access: (_r, [path, mask], _c, reply) => fs.access(fsName(real(path)), mask, finish(reply)),
    statfs: native,
    getattr: native,
    fgetattr: native,
    readdir: native,
    utimens: native,
    setxattr: native,
    getxattr: native,
    listxattr: native,
    removexattr: native,
    fallocate: native,
    // Each close of a descriptor sends one; the file stays open until release.
    flush: (_r, _raw, _c, reply) => reply(0),
    fsync: (_r, [, dataOnly, fh], _c, reply) =>
      dataOnly ? fs.fdatasync(fh, finish(reply)) : fs.fsync(fh, finish(reply)),
    fsyncdir: (_r, [, dataOnly, fh], _c, reply) =>
      dataOnly ? fs.fdatasync(fh, finish(reply)) : fs.fsync(fh, finish(reply)),
    truncate: (_r, [path, low, high], _c, reply) =>
      fs.truncate(fsName(real(path)), wide(low, high), finish(reply)),
    ftruncate: (_r, [, fh, low, high], _c, reply) => fs.ftruncate(fh, wide(low, high), finish(reply)),
    readlink: (_r, [path], _c, reply) =>
      fs.readlink(fsName(real(path)), 'latin1', (error, target) =>
        error ? reply(errnoFrom(error)) : reply(0, target),
      ),
    chown: (_r, [path, uid, gid], _c, reply) => fs.lchown(fsName(real(path)), uid, gid, finish(reply)),
    chmod: (_r, [path, mode], _c, reply) => fs.chmod(fsName(real(path)), mode & 0o7777, finish(reply)),
    mknod: (request, raw, call, reply) =>
      native(request, raw, call, (result) =>
        result < 0 ? reply(result) : adopt(real(raw[0]), raw[1], call, reply),
      ),
    open: (_r, [path], call, reply) =>
      // O_DIRECT would ask for aligned memory, which libfuse's buffers are not.
      fs.open(fsName(real(path)), call.flags & ~O_DIRECT, (error, fd) =>
        error ? reply(errnoFrom(error)) : reply(0, fd),
      ),
    opendir: (_r, [path], _c, reply) =>
      fs.open(fsName(real(path)), O_RDONLY | O_DIRECTORY, (error, fd) =>
        error ? reply(errnoFrom(error)) : reply(0, fd),
      ),
    create: (_r, [path, mode], call, reply) => {
      const target = real(path);
      fs.open(fsName(target), (call.flags & ~O_DIRECT) | O_CREAT, mode & 0o7777, (error, fd) => {
        if (error) return reply(errnoFrom(error));
        adopt(target, S_IFREG | mode, call, (result) => {
          if (result === 0) reply(0, fd);
          else fs.close(fd, () => reply(result));
        });
      });
    },
    read: (_r, [, fh, data, length, low, high], _c, reply) =>
      fs.read(fh, data, 0, length, wide(low, high), (error, count) =>
        reply(error ? errnoFrom(error) : count),
      ),
    write: (_r, [, fh, data, length, low, high], _c, reply) =>
      fs.write(fh, data, 0, length, wide(low, high), (error, count) =>
        reply(error ? errnoFrom(error) : count),
      ),
    release: (_r, [, fh], _c, reply) => fs.close(fh, finish(reply)),
    releasedir: (_r, [, fh], _c, reply) => fs.close(fh, finish(reply)),
    unlink: (_r, [path], _c, reply) =>
      fs.unlink(fsName(real(path)), (error) => {
        hidden.delete(real(path));
        reply(error ? errnoFrom(error) : 0);
      }),
    rename: (_r, [path, to], _c, reply) =>
      fs.rename(fsName(real(path)), fsName(real(to)), (error) => {
        if (!error && HIDDEN.test(to)) hidden.add(real(to));
        reply(error ? errnoFrom(error) : 0);
      }),
    link: (_r, [path, to], _c, reply) => fs.link(fsName(real(path)), fsName(real(to)), finish(reply)),
    symlink: (_r, [target, path], call, reply) =>
      fs.symlink(fsName(target), fsName(real(path)), (error) =>
        error ? reply(errnoFrom(error)) : adopt(real(path), 0, call, reply),
      ),
    mkdir: (_r, [path, mode], call, reply) =>
      fs.mkdir(fsName(real(path)), mode & 0o7777, (error) =>
        error ? reply(errnoFrom(error)) : adopt(real(path), 0, call, reply),
      ),
    rmdir: (_r, [path], _c, reply) => fs.rmdir(fsName(real(path)), finish(reply)),
  };
}
