// One mount: the C half's memory, options and handlers, and the words in which it tells that the session is over.
// One session per process, and only in a process of its own (fuse-native aborts in worker threads).
import type { Backing } from './backing.ts';
import { type Dispatch, type Handler, handlerOf } from './dispatch.ts';
import { Failure, messageOf } from './failure.ts';
import { FS_TYPE } from './fs-type.ts';
import { type Binding, OP, OP_SLOTS, type OpKey } from './native.ts';
import { OPERATIONS, type Operation } from './operations.ts';

export interface MountOptions {
  source: string;
  mountpoint: string;
  allowOther: boolean;
  directIo: boolean;
}

export interface Session {
  /** True once the kernel has ended the connection and no handler will be called again. */
  readonly ended: boolean;
}

/** libfuse gets its options in a buffer of this size. */
const MAX_OPTIONS = 1023;
/** The beginning of the session's memory, mirror_session_t in fuse/patches/state.h: eight words, a byte an operation, a double. */
const WORDS = 8;
/** The bytes by operation, with what is unused behind them. */
const FAST_BYTES = 40;
const ENDED = 4;

export interface SessionMemory {
  buffer: Buffer;
  /** Caller's tid, uid, gid, flags; ended; active; dropped. */
  words: Uint32Array;
  /** By operation: whether it goes the fast way. */
  fast: Uint8Array;
  /** One number: wall time, in µs since the epoch, at 0 of CLOCK_MONOTONIC. */
  wallUs: Float64Array;
}

/** Options for libfuse 2.9, each with its reason. */
export function fuseOptions(options: MountOptions): string {
  const words = [
    // Unmounts when this process dies, however it dies.
    'auto_unmount',
    `subtype=${FS_TYPE.slice('fuse.'.length)}`,
    // Every look-up and getattr comes to us, and so to the trace.
    'attr_timeout=0',
    'entry_timeout=0',
    'negative_timeout=0',
    // Hard links are recognised by their inode numbers.
    'use_ino',
    // 128 KiB a write, not 4.
    'big_writes',
  ];
  // Without default_permissions another user would act with the rights of this process.
  if (options.allowOther) words.push('allow_other', 'default_permissions');
  if (options.directIo) words.push('direct_io');
  const fsname = `fsname=${options.source.replaceAll(/[\\,]/g, '\\$&')}`;
  const all = `-o${[...words, fsname].join(',')}`;
  return Buffer.byteLength(all) <= MAX_OPTIONS ? all : `-o${[...words, 'fsname=fusescope'].join(',')}`;
}

/** Memory of a session, made before its handlers because they read the caller from it. */
export function sessionMemory(binding: Binding): SessionMemory {
  const buffer = Buffer.alloc(binding.sizeof_fuse_thread_t);
  return {
    buffer,
    words: new Uint32Array(buffer.buffer, buffer.byteOffset, WORDS),
    fast: new Uint8Array(buffer.buffer, buffer.byteOffset + WORDS * 4, OP_SLOTS),
    wallUs: new Float64Array(buffer.buffer, buffer.byteOffset + WORDS * 4 + FAST_BYTES, 1),
  };
}

/**
 * Mounts, and resolves when the kernel has said hello.
 * @throws Failure with what libfuse and fusermount had to say.
 */
export function mount(
  shared: Dispatch,
  backing: Backing,
  options: MountOptions,
  memory: SessionMemory,
): Promise<Session> {
  const { binding } = shared;
  const handlers: Handler[] = new Array(OP_SLOTS).fill(() => undefined);
  const implemented = new Uint32Array(OP_SLOTS);
  for (const key of Object.keys(OPERATIONS) as Exclude<OpKey, 'init'>[]) {
    handlers[OP[key]] = handlerOf(shared, OPERATIONS[key] as Operation<typeof key>, backing[key] as never);
    implemented[OP[key]] = 1;
  }
  implemented[OP.init] = 1;
  // The patched C half finds its memory itself.
  const malloc = () => Buffer.alloc(0);
  return new Promise((resolve, reject) => {
    handlers[OP.init] = (request) => {
      const id = shared.tracer.enter({ op: 'init', path: null, pid: 0, tid: 0, uid: 0, gid: 0, comm: '' });
      binding.fuse_native_signal_init(request, 0);
      shared.tracer.exit(id, 0, null);
      resolve({
        get ended() {
          return memory.words[ENDED] === 1;
        },
      });
    };
    try {
      binding.fuse_native_mount(
        options.mountpoint,
        fuseOptions(options),
        memory.buffer,
        {},
        malloc,
        handlers,
        implemented,
      );
    } catch (error) {
      reject(new Failure(`cannot mount on ${options.mountpoint}`, bytesText(error), 'Run fusescope doctor'));
    }
  });
}

function bytesText(error: unknown): string {
  return messageOf(error).replace(/^fusermount3?: /, '');
}
