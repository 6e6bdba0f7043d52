// What the arguments of each FUSE operation mean, from the structures of include/uapi/linux/fuse.h (their beginnings
// as bpf/ops.h copies them), as the fields of a TapRecord.
import { type U64, u64FromHalves } from '../../shared/u64.ts';
import type { TapRecord } from './tap.ts';

type Arguments = NonNullable<TapRecord['args']>;

/** The first argument of a request; what lies behind its end reads as 0. */
export interface Head {
  u32(offset: number): number;
  u64(offset: number): U64;
}

/** Puts what the head says into the record, in which names are set already. `cut`: the last of them is not whole. */
type Reader = (record: TapRecord, head: Head, cut: boolean) => void;

const fhOnly: Reader = (record, head) => {
  record.fh = head.u64(0);
};
const range: Reader = (record, head) => {
  record.fh = head.u64(0);
  record.offset = head.u64(8);
  record.size = head.u32(16);
};
/** A reader of arguments that are shown as they are. */
const shown =
  (fields: (head: Head) => Arguments): Reader =>
  (record, head) => {
    record.args = fields(head);
  };
const flags = shown((head) => ({ flags: head.u32(0) }));
const create = shown((head) => ({ flags: head.u32(0), mode: head.u32(4) }));
const fsync: Reader = (record, head) => {
  record.fh = head.u64(0);
  record.args = { dataOnly: (head.u32(8) & 1) !== 0 };
};
const release: Reader = (record, head) => {
  record.fh = head.u64(0);
  record.args = { flags: head.u32(8) };
};
const newDirectory: Reader = (record, head) => {
  record.newParent = head.u64(0);
};

/** Major and minor of a device node, from the 32 bits that the kernel makes of them (new_encode_dev). */
const S_IFMT = 0o170000;
const DEVICES: ReadonlySet<number> = new Set([0o020000, 0o060000]);
function device(mode: number, rdev: number): Arguments {
  if (!DEVICES.has(mode & S_IFMT)) return {};
  return { rdev: `${(rdev >>> 8) & 0xfff}:${(rdev & 0xff) | ((rdev >>> 12) & 0xfff00)}` };
}

const LOCK_TYPES: Readonly<Record<number, string>> = { 0: 'read', 1: 'write', 2: 'unlock' };
const lock: Reader = (record, head) => {
  record.fh = head.u64(0);
  record.args = {
    start: head.u64(16),
    end: head.u64(24),
    type: LOCK_TYPES[head.u32(32)] ?? head.u32(32),
    owner: head.u64(8),
    // FUSE_LK_FLOCK: of the whole file, by flock(2).
    ...(head.u32(40) & 1 && { flock: true }),
  };
};

/** Bits of fuse_setattr_in.valid: name, and the field it makes valid. */
const SETATTR: readonly (readonly [bit: number, name: string, value: ((head: Head) => number) | null])[] = [
  [1 << 0, 'mode', (head) => head.u32(68)],
  [1 << 1, 'uid', (head) => head.u32(76)],
  [1 << 2, 'gid', (head) => head.u32(80)],
  [1 << 3, 'size', null],
  [1 << 4, 'atimeMs', (head) => Number(head.u64(32)) * 1e3 + Math.floor(head.u32(56) / 1e6)],
  [1 << 5, 'mtimeMs', (head) => Number(head.u64(40)) * 1e3 + Math.floor(head.u32(60) / 1e6)],
  [1 << 10, 'ctimeMs', (head) => Number(head.u64(48)) * 1e3 + Math.floor(head.u32(64) / 1e6)],
];
const FATTR_SIZE = 1 << 3;
const FATTR_FH = 1 << 6;

const setattr: Reader = (record, head) => {
  const valid = head.u32(0);
  const args: Arguments = { valid };
  for (const [bit, name, value] of SETATTR) if (valid & bit && value) args[name] = value(head);
  if (valid & FATTR_SIZE) record.size = head.u64(16);
  if (valid & FATTR_FH) record.fh = head.u64(8);
  record.args = args;
};

/** By opcode. */
export const READERS: readonly (Reader | undefined)[] = byOpcode({
  // FUSE_GETATTR_FH
  3: (record, head) => {
    if (head.u32(0) & 1) record.fh = head.u64(8);
  },
  4: setattr,
  // Its second name is no name.
  6: (record, _head, cut) => {
    record.args = { target: record.newName ?? '', ...(cut && { targetCut: true }) };
    record.newName = null;
  },
  8: shown((head) => ({ mode: head.u32(0), ...device(head.u32(0), head.u32(4)) })),
  9: shown((head) => ({ mode: head.u32(0) })),
  12: newDirectory,
  // Its nodeid is the directory of the new name, its argument the file.
  13: (record, head) => {
    record.newParent = record.nodeid;
    record.newName = record.name;
    record.nodeid = head.u64(0);
    record.name = null;
  },
  14: flags,
  15: range,
  16: range,
  18: release,
  20: fsync,
  21: (record, head) => {
    record.size = head.u32(0);
    record.args = { name: record.name, flags: head.u32(4) };
  },
  22: (record, head) => {
    record.size = head.u32(0);
    record.args = { name: record.name };
  },
  23: (record, head) => {
    record.size = head.u32(0);
  },
  24: (record) => {
    record.args = { name: record.name };
  },
  25: fhOnly,
  27: flags,
  28: range,
  29: release,
  30: fsync,
  31: lock,
  32: lock,
  33: lock,
  34: shown((head) => ({ mask: head.u32(0) })),
  35: create,
  36: shown((head) => ({ unique: head.u64(0) })),
  37: shown((head) => ({ block: head.u64(0), blockSize: head.u32(8) })),
  39: (record, head) => {
    record.fh = head.u64(0);
    record.args = { flags: head.u32(8), cmd: head.u32(12), inSize: head.u32(24), outSize: head.u32(28) };
  },
  40: (record, head) => {
    record.fh = head.u64(0);
    record.args = { flags: head.u32(16), events: head.u32(20) };
  },
  43: (record, head) => {
    record.fh = head.u64(0);
    record.offset = head.u64(8);
    record.size = head.u64(16);
    record.args = { mode: head.u32(24) };
  },
  44: range,
  45: (record, head) => {
    record.newParent = head.u64(0);
    record.args = { flags: head.u32(8) };
  },
  46: (record, head) => {
    record.fh = head.u64(0);
    record.offset = head.u64(8);
    record.args = { whence: head.u32(16) };
  },
  47: (record, head) => {
    record.fh = head.u64(0);
    record.offset = head.u64(8);
    record.size = head.u64(40);
    record.args = { toNodeid: head.u64(16), toFh: head.u64(24), toOffset: head.u64(32), flags: head.u32(48) };
  },
  51: create,
  52: (record, head) => {
    if (head.u32(0) & 1) record.fh = head.u64(8);
    record.args = { mask: head.u32(20) };
  },
});

/** What the 16 bytes mean that are kept of a good answer. */
type ReplyReader = (record: TapRecord, first: U64, second: U64) => void;
/** What the length of a good answer means. */
type DataReader = (record: TapRecord, replyBytes: number) => void;

const ENOENT = 2;

/** Length of fuse_out_header. */
const OUT_HEADER = 16;

const entry: ReplyReader = (record, nodeid) => {
  record.replyNodeid = nodeid;
};
const looked: ReplyReader = (record, nodeid, file) => {
  record.replyNodeid = nodeid;
  // As file_of() of bpf/tap.bpf.c packs it.
  const packed = BigInt(file);
  record.replyIno = Number(packed & 0xffffffffffffn);
  record.replyLinks = Number(packed >> 48n);
  // No error, but no node: there is no such name, and the kernel may remember so.
  if (nodeid !== 0) return;
  record.errno = ENOENT;
  record.args = { negative: true };
};
const opened: ReplyReader = (record, fh) => {
  record.fh = fh;
};
const created: ReplyReader = (record, nodeid, fh) => {
  record.replyNodeid = nodeid;
  record.fh = fh;
};
const written: ReplyReader = (record, size) => {
  // fuse_write_out.size and four bytes of padding.
  record.bytes = Number(BigInt(size) & 0xffffffffn);
};
const data: DataReader = (record, replyBytes) => {
  record.bytes = replyBytes - OUT_HEADER;
};
/** Asked with size 0, the answer is a length, not data. */
const attribute: DataReader = (record, replyBytes) => {
  if (record.size !== 0) data(record, replyBytes);
};

/** By opcode. */
export const REPLIES: readonly (ReplyReader | undefined)[] = byOpcode({
  1: looked,
  6: entry,
  8: entry,
  9: entry,
  13: entry,
  14: opened,
  16: written,
  27: opened,
  35: created,
  37: (record, block) => {
    record.args = { ...record.args, toBlock: block };
  },
  46: (record, offset) => {
    record.args = { ...record.args, found: offset };
  },
  47: written,
  51: created,
});

/** By opcode. */
export const DATA: readonly (DataReader | undefined)[] = byOpcode({
  5: data,
  15: data,
  22: attribute,
  23: attribute,
  28: data,
  44: data,
});

function byOpcode<T>(table: Readonly<Record<number, T>>): (T | undefined)[] {
  const list: (T | undefined)[] = new Array(Math.max(...Object.keys(table).map(Number)) + 1).fill(undefined);
  for (const [code, value] of Object.entries(table)) list[Number(code)] = value;
  return list;
}

/** A head in memory, to be used again for each record. */
export class HeadView implements Head {
  #view: DataView = new DataView(new ArrayBuffer(0));
  #at = 0;
  #bytes = 0;

  set(view: DataView, at: number, bytes: number): this {
    this.#view = view;
    this.#at = at;
    this.#bytes = bytes;
    return this;
  }

  u32(offset: number): number {
    return offset + 4 <= this.#bytes ? this.#view.getUint32(this.#at + offset, true) : 0;
  }

  u64(offset: number): U64 {
    return u64FromHalves(this.u32(offset), this.u32(offset + 4));
  }
}
