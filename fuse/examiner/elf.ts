// What a program or library file tells of its code: where its parts lie in memory, and which function an address is in.
// ELF of 64 bits for x86_64 (System V ABI, chapters 4 and 5; linux/elf.h). Pure: it is read through a function, piece by
// piece, since such files are large. What is no such file, or a broken one, is null.

/** Bytes at a place, fewer where the end is near; null where they cannot be read. */
export type Read = (at: number, length: number) => Buffer | null;

interface Segment {
  offset: number;
  size: number;
  address: number;
}

interface SymbolTable {
  offset: number;
  size: number;
  namesAt: number;
}

export interface Elf {
  segments: Segment[];
  /** Address of .eh_frame_hdr. */
  unwindAt: number | null;
  symbols: SymbolTable | null;
}

export interface FunctionSymbol {
  name: string;
  address: number;
}

const HEADER = 64;
const MAGIC = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
const EM_X86_64 = 62;
const PT_LOAD = 1;
const PT_GNU_EH_FRAME = 0x6474e550;
const SHT_SYMTAB = 2;
const SHT_DYNSYM = 11;
const SEGMENTS_MAX = 128;
const SECTIONS_MAX = 1_024;
/** Of one of them in its table; the format has 56 and 64. */
const ENTRY_SIZE_MAX = 256;
/** Larger tables are left alone: their functions stay without a name. */
const SYMBOL_BYTES_MAX = 32 * 2 ** 20;

/** Null for what is no ELF file of x86_64. */
export function parseElf(read: Read): Elf | null {
  const header = read(0, HEADER);
  if (!header || header.length < HEADER || MAGIC.compare(header, 0, MAGIC.length) !== 0) return null;
  if (header.readUInt16LE(18) !== EM_X86_64) return null;
  const entries = table(
    read,
    u64(header, 32),
    header.readUInt16LE(54),
    header.readUInt16LE(56),
    SEGMENTS_MAX,
    56,
  );
  const segments: Segment[] = [];
  let unwindAt: number | null = null;
  for (const one of entries) {
    const type = one.readUInt32LE(0);
    const address = u64(one, 16);
    if (type === PT_LOAD) segments.push({ offset: u64(one, 8), size: u64(one, 32), address });
    if (type === PT_GNU_EH_FRAME) unwindAt = address;
  }
  return segments.length === 0 ? null : { segments, unwindAt, symbols: symbolTable(read, header) };
}

/** The full table where it was not stripped, else that of what is exported. */
function symbolTable(read: Read, header: Buffer): SymbolTable | null {
  const sections = table(
    read,
    u64(header, 40),
    header.readUInt16LE(58),
    header.readUInt16LE(60),
    SECTIONS_MAX,
    64,
  );
  for (const type of [SHT_SYMTAB, SHT_DYNSYM]) {
    const section = sections.find((one) => one.readUInt32LE(4) === type);
    const names = section && sections[section.readUInt32LE(40)];
    if (section && names)
      return { offset: u64(section, 24), size: u64(section, 32), namesAt: u64(names, 24) };
  }
  return null;
}

function table(
  read: Read,
  at: number,
  entrySize: number,
  count: number,
  countMax: number,
  sizeMin: number,
): Buffer[] {
  if (at === 0 || entrySize < sizeMin || entrySize > ENTRY_SIZE_MAX || count > countMax) return [];
  const bytes = read(at, entrySize * count);
  if (!bytes) return [];
  const whole = Math.min(count, Math.floor(bytes.length / entrySize));
  return Array.from({ length: whole }, (_, i) => bytes.subarray(i * entrySize, (i + 1) * entrySize));
}

/** The address that a place in the file has, as the file counts them; null where it is not loaded. */
export function addressOf({ segments }: Elf, offset: number): number | null {
  const segment = segments.find((one) => offset >= one.offset && offset < one.offset + one.size);
  return segment ? offset - segment.offset + segment.address : null;
}

/** Where in the file an address of the program lies; null: nowhere. */
export function offsetOf({ segments }: Elf, address: number): number | null {
  const segment = segments.find((one) => address >= one.address && address < one.address + one.size);
  return segment ? address - segment.address + segment.offset : null;
}

/** Of an entry of the table, in words of four bytes. */
const ENTRY_WORDS = 6;
const ENTRY_BYTES = 4 * ENTRY_WORDS;
const CHUNK_BYTES = 40_000 * ENTRY_BYTES;
/** STT_FUNC and STT_GNU_IFUNC. */
const FUNCTIONS: ReadonlySet<number> = new Set([2, 10]);
const NAME_MAX = 200;
/** Functions written in assembler may have no size: so far they are taken to reach. */
const REACH = 4_096;
const ALIASES_MAX = 4;

interface Best {
  start: number;
  sized: boolean;
  names: number[];
}

/** The functions that addresses are in; those of none are left out. The table is passed over once for all of them. */
export function findFunctions(
  { symbols }: Elf,
  read: Read,
  addresses: readonly number[],
): Map<number, FunctionSymbol> {
  const found = new Map<number, FunctionSymbol>();
  if (!symbols || symbols.size > SYMBOL_BYTES_MAX || addresses.length === 0) return found;
  const wanted = Float64Array.from(new Set(addresses)).sort();
  const best: (Best | null)[] = Array.from(wanted, () => null);
  for (let at = 0; at < symbols.size; at += CHUNK_BYTES) {
    const chunk = read(symbols.offset + at, Math.min(CHUNK_BYTES, symbols.size - at));
    if (!chunk) break;
    match(chunk, wanted, best);
  }
  for (const [i, one] of best.entries()) {
    const names = one?.names.flatMap((at) => text(read, symbols.namesAt + at)) ?? [];
    const name = names.sort((a, b) => plainness(a) - plainness(b))[0];
    if (one && name !== undefined) found.set(wanted[i] as number, { name, address: one.start });
  }
  return found;
}

/** Puts the entries of a piece of the table to the addresses they cover. @param wanted ascending. */
function match(chunk: Buffer, wanted: Float64Array, best: (Best | null)[]): void {
  const words = new Uint32Array(Math.floor(chunk.length / ENTRY_BYTES) * ENTRY_WORDS);
  Buffer.from(words.buffer).set(chunk.subarray(0, words.byteLength));
  const last = wanted.length - 1;
  const lowest = wanted[0] as number;
  for (let i = 0; i < words.length; i += ENTRY_WORDS) {
    const info = words[i + 1] as number;
    // Of section 0: defined elsewhere.
    if (!FUNCTIONS.has(info & 0xf) || info >>> 16 === 0) continue;
    const start = (words[i + 3] as number) * 2 ** 32 + (words[i + 2] as number);
    const size = (words[i + 5] as number) * 2 ** 32 + (words[i + 4] as number);
    const end = start + (size === 0 ? REACH : size);
    if (end <= lowest || start > (wanted[last] as number)) continue;
    for (let at = firstFrom(wanted, start); at <= last && (wanted[at] as number) < end; at++) {
      const known = best[at] ?? null;
      const sized = size > 0;
      if (known && (known.sized === sized ? known.start > start : known.sized)) continue;
      if (known && known.start === start && known.sized === sized) {
        if (known.names.length < ALIASES_MAX) known.names.push(words[i] as number);
      } else best[at] = { start, sized, names: [words[i] as number] };
    }
  }
}

/** Index of the first that is not below. */
function firstFrom(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function text(read: Read, at: number): string[] {
  const bytes = read(at, NAME_MAX) ?? Buffer.alloc(0);
  const end = bytes.indexOf(0);
  const name = bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
  return name === '' ? [] : [name];
}

/** Of read, __read and __libc_read people know the first. */
function plainness(name: string): number {
  return (/^_*/.exec(name)?.[0].length ?? 0) * 1_000 + name.length;
}

/** Exact up to 2^53; no file is larger. */
function u64(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at + 4) * 2 ** 32 + bytes.readUInt32LE(at);
}
