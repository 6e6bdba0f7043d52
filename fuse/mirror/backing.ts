// The mirrored directory, as the event loop reaches it: every operation is done by the C half on libuv's pool
// (fuse/patches/passthrough.h), because a blocked event loop would stall the whole mount.
import type { Call, Raw, Reply } from './call.ts';
import type { Binding, OpKey, Request } from './native.ts';
import { OPERATIONS } from './operations.ts';

type Run<K extends OpKey> = (request: Request, raw: Raw[K], call: Call, reply: Reply) => void;
export type Backing = { [K in Exclude<OpKey, 'init'>]: Run<K> };

const EIO = 5;
/** Of the bytes that a read or write moves. */
const NO_LIMIT = -1;
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
  const native = (request: Request, _raw: unknown, _call: Call, reply: Reply) =>
    binding.fuse_native_backing(request, reply, NO_LIMIT);
  const keys = Object.keys(OPERATIONS) as (keyof Backing)[];
  return {
    ...(Object.fromEntries(keys.map((key) => [key, native])) as Backing),
    readdir: (request, _raw, _call, reply) =>
      binding.fuse_native_backing(request, (result) => reply(result), NO_LIMIT),
    unlink: (request, [path], _call, reply) =>
      binding.fuse_native_backing(
        request,
        (result) => {
          if (result === 0) hidden.delete(root + path);
          reply(result);
        },
        NO_LIMIT,
      ),
    rename: (request, [, to], _call, reply) =>
      binding.fuse_native_backing(
        request,
        (result) => {
          if (result === 0 && HIDDEN.test(to)) hidden.add(root + to);
          reply(result);
        },
        NO_LIMIT,
      ),
  };
}
