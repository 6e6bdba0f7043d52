// How to get from a function to its caller at one address of it, by the tables that compilers write for exceptions:
// .eh_frame, found through the sorted table of .eh_frame_hdr (LSB core, 10.6; DWARF 5, 6.4). Pure. Rules that take an
// expression are "unknown" here: they stand in stubs that nothing waits in, and in frames of signals.
import { DwarfBytes } from './dwarf-bytes.ts';
import { type Elf, offsetOf, type Read } from './elf.ts';

/** DWARF's numbers of the registers of x86_64. */
export const RBP = 6;
export const RSP = 7;
export const RETURN = 16;

/** Where the caller's value of a register is: at the frame's address and `saved`. */
export type Rule = { saved: number } | 'undefined' | 'unknown';

export interface Row {
  /** Of the function: its first address, and the one behind its last. */
  start: number;
  end: number;
  /** The frame's address: a register and an offset; null where that takes an expression. */
  frame: { register: number; offset: number } | null;
  /** Of registers that do not keep their value. */
  rules: ReadonlyMap<number, Rule>;
  /** The kernel has put it there, to call the handler of a signal. */
  signal: boolean;
}

const ENTRY_MAX = 64 * 1_024;
/** Most entries are shorter. */
const AT_ONCE = 256;
const ENTRIES_MAX = 2 ** 28;
/** Relative to .eh_frame_hdr, four bytes, signed: what all linkers write. */
const SORTED = 0x3b;

/** Null where the file tells nothing of this address. @param address as the file counts them. */
export function findRow(elf: Elf, read: Read, address: number): Row | null {
  const bytesAt = (at: number, length: number) => {
    const offset = offsetOf(elf, at);
    return offset === null ? null : read(offset, length);
  };
  try {
    const entry = elf.unwindAt === null ? null : findEntry(bytesAt, elf.unwindAt, address);
    return entry === null ? null : rowOf(bytesAt, entry, address);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Address of the entry of the function that may hold this address. */
function findEntry(bytesAt: Read, header: number, address: number): number | null {
  const head = bytesAt(header, 32);
  if (!head) return null;
  const bytes = new DwarfBytes(head, header);
  const [version, frames, counts, sorted] = [bytes.u8(), bytes.u8(), bytes.u8(), bytes.u8()];
  if (version !== 1 || sorted !== SORTED) return null;
  bytes.pointer(frames, header);
  let high = bytes.pointer(counts, header);
  if (!(high <= ENTRIES_MAX)) return null;
  const first = bytes.address;
  let found: number | null = null;
  for (let low = 0; low < high; ) {
    const middle = Math.floor((low + high) / 2);
    const row = bytesAt(first + middle * 8, 8);
    if (!row || row.length < 8) return null;
    if (row.readInt32LE(0) + header <= address) {
      found = row.readInt32LE(4) + header;
      low = middle + 1;
    } else high = middle;
  }
  return found;
}

/** An entry of .eh_frame, from behind its length. */
function entryAt(bytesAt: Read, at: number): DwarfBytes | null {
  let bytes = bytesAt(at, AT_ONCE);
  if (!bytes || bytes.length < 4) return null;
  const length = bytes.readUInt32LE(0);
  if (length === 0 || length > ENTRY_MAX) return null;
  if (bytes.length < 4 + length) bytes = bytesAt(at, 4 + length);
  return bytes && new DwarfBytes(bytes.subarray(4, 4 + length), at + 4);
}

/** What the entries of functions share. */
interface Common {
  codeAlign: number;
  dataAlign: number;
  pointers: number;
  sized: boolean;
  signal: boolean;
  program: DwarfBytes;
}

function commonAt(bytesAt: Read, at: number): Common | null {
  const bytes = entryAt(bytesAt, at);
  if (bytes?.u32() !== 0) return null;
  const version = bytes.u8();
  const words = bytes.string();
  const codeAlign = bytes.uleb();
  const dataAlign = bytes.sleb();
  if (version === 1) bytes.u8();
  else bytes.uleb();
  const common = { codeAlign, dataAlign, pointers: 0, sized: words.startsWith('z'), program: bytes };
  if (!common.sized) return words === '' ? { ...common, signal: false } : null;
  const end = bytes.uleb() + bytes.at;
  for (const letter of words.slice(1)) {
    if (letter === 'R') common.pointers = bytes.u8();
    else if (letter === 'P') bytes.pointer(bytes.u8() & 0x7f);
    else if (letter === 'L') bytes.u8();
    else if (letter !== 'S') break;
  }
  bytes.at = end;
  return { ...common, signal: words.includes('S') };
}

function rowOf(bytesAt: Read, at: number, address: number): Row | null {
  const bytes = entryAt(bytesAt, at);
  if (!bytes) return null;
  const common = commonAt(bytesAt, bytes.address - bytes.u32());
  if (!common) return null;
  const start = bytes.pointer(common.pointers);
  const end = start + bytes.pointer(common.pointers & 0x0f);
  if (address < start || address >= end) return null;
  if (common.sized) bytes.skip();
  const machine = new Machine(common, start);
  machine.run(common.program, Number.POSITIVE_INFINITY);
  machine.begin();
  machine.run(bytes, address);
  return { start, end, frame: machine.frame, rules: machine.rules, signal: common.signal };
}

const NESTED_MAX = 32;

/** Runs the instructions of an entry up to an address. */
class Machine {
  frame: Row['frame'] = null;
  rules = new Map<number, Rule>();
  readonly common: Common;
  location: number;
  #initial = new Map<number, Rule>();
  readonly #remembered: { frame: Row['frame']; rules: Map<number, Rule> }[] = [];

  constructor(common: Common, location: number) {
    this.common = common;
    this.location = location;
  }

  /** The rules as they are now are what `restore` goes back to. */
  begin(): void {
    this.#initial = new Map(this.rules);
  }

  run(bytes: DwarfBytes, address: number): void {
    while (bytes.at < bytes.length) {
      const byte = bytes.u8();
      const low = byte & 0x3f;
      if (byte >= 0xc0) this.restore(low);
      else if (byte >= 0x80) this.save(low, bytes.uleb());
      else if (byte >= 0x40) this.location += low * this.common.codeAlign;
      else {
        const instruction = INSTRUCTIONS[low];
        if (!instruction) throw new RangeError(`instruction ${low}`);
        instruction(this, bytes);
      }
      if (this.location > address) return;
    }
  }

  save(register: number, factored: number): void {
    this.rules.set(register, { saved: factored * this.common.dataAlign });
  }

  restore(register: number): void {
    const rule = this.#initial.get(register);
    if (rule === undefined) this.rules.delete(register);
    else this.rules.set(register, rule);
  }

  remember(): void {
    if (this.#remembered.length >= NESTED_MAX) throw new RangeError('remembers too much');
    this.#remembered.push({ frame: this.frame, rules: new Map(this.rules) });
  }

  recall(): void {
    const last = this.#remembered.pop();
    if (!last) throw new RangeError('nothing was remembered');
    this.frame = last.frame;
    this.rules = last.rules;
  }

  set(offset: number, register = this.frame?.register): void {
    this.frame = register === undefined ? null : { register, offset };
  }
}

type Instruction = (machine: Machine, bytes: DwarfBytes) => void;

const unknown: Instruction = (machine, bytes) => {
  machine.rules.set(bytes.uleb(), 'unknown');
};
const unknownBlock: Instruction = (machine, bytes) => {
  unknown(machine, bytes);
  bytes.skip();
};

/** DW_CFA_*, by their numbers. */
const INSTRUCTIONS: Readonly<Record<number, Instruction>> = {
  // nop
  0: () => {},
  // set_loc
  1: (machine, bytes) => {
    machine.location = bytes.pointer(machine.common.pointers);
  },
  // advance_loc1, 2, 4
  2: (machine, bytes) => {
    machine.location += bytes.u8() * machine.common.codeAlign;
  },
  3: (machine, bytes) => {
    machine.location += bytes.u16() * machine.common.codeAlign;
  },
  4: (machine, bytes) => {
    machine.location += bytes.u32() * machine.common.codeAlign;
  },
  // offset_extended
  5: (machine, bytes) => machine.save(bytes.uleb(), bytes.uleb()),
  // restore_extended
  6: (machine, bytes) => machine.restore(bytes.uleb()),
  // undefined
  7: (machine, bytes) => {
    machine.rules.set(bytes.uleb(), 'undefined');
  },
  // same_value
  8: (machine, bytes) => {
    machine.rules.delete(bytes.uleb());
  },
  // register
  9: (machine, bytes) => {
    unknown(machine, bytes);
    bytes.uleb();
  },
  // remember_state, restore_state
  10: (machine) => machine.remember(),
  11: (machine) => machine.recall(),
  // def_cfa, def_cfa_register, def_cfa_offset
  12: (machine, bytes) => {
    const register = bytes.uleb();
    machine.set(bytes.uleb(), register);
  },
  13: (machine, bytes) => machine.set(machine.frame?.offset ?? 0, bytes.uleb()),
  14: (machine, bytes) => machine.set(bytes.uleb()),
  // def_cfa_expression
  15: (machine, bytes) => {
    bytes.skip();
    machine.frame = null;
  },
  // expression
  16: unknownBlock,
  // offset_extended_sf, def_cfa_sf, def_cfa_offset_sf
  17: (machine, bytes) => machine.save(bytes.uleb(), bytes.sleb()),
  18: (machine, bytes) => {
    const register = bytes.uleb();
    machine.set(bytes.sleb() * machine.common.dataAlign, register);
  },
  19: (machine, bytes) => machine.set(bytes.sleb() * machine.common.dataAlign),
  // val_offset, val_offset_sf, val_expression
  20: (machine, bytes) => {
    unknown(machine, bytes);
    bytes.uleb();
  },
  21: (machine, bytes) => {
    unknown(machine, bytes);
    bytes.sleb();
  },
  22: unknownBlock,
  // GNU_args_size
  46: (_, bytes) => {
    bytes.uleb();
  },
};
