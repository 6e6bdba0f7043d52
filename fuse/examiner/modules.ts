// The programs and libraries that stacks lead through: what their files tell is kept from look to look, their files are
// not held open. They are read through /proc/PID/map_files, which walks no path, and never where the file is on a FUSE
// mount or on one that somebody else has to answer for.
import { closeSync, constants, openSync, readSync, statSync } from 'node:fs';
import type { Area, AreaFile } from './areas.ts';
import { findRow, type Row } from './eh-frame.ts';
import { type Elf, type FunctionSymbol, findFunctions, parseElf, type Read } from './elf.ts';
import type { Memory } from './memory.ts';

const MODULES_MAX = 128;
/** Addresses of one module of which the answer is kept. */
const ANSWERS_MAX = 2_048;

/** One file that is code, as it is read now. */
export class Module {
  readonly elf: Elf;
  readonly #rows = new Map<number, Row | null>();
  readonly #functions = new Map<number, FunctionSymbol | null>();

  constructor(elf: Elf) {
    this.elf = elf;
  }

  /** @param address as the file counts them, here and in the answer. */
  rowAt(address: number, read: Read): Row | null {
    const known = this.#rows.get(address);
    if (known !== undefined) return known;
    const row = findRow(this.elf, read, address);
    if (this.#rows.size >= ANSWERS_MAX) this.#rows.clear();
    this.#rows.set(address, row);
    return row;
  }

  /** Looks for the functions of all these addresses at once. */
  learn(addresses: readonly number[], read: Read): void {
    const asked = addresses.filter((one) => !this.#functions.has(one));
    if (asked.length === 0) return;
    if (this.#functions.size >= ANSWERS_MAX) this.#functions.clear();
    const found = findFunctions(this.elf, read, asked);
    for (const one of asked) this.#functions.set(one, found.get(one) ?? null);
  }

  functionAt(address: number): FunctionSymbol | null {
    return this.#functions.get(address) ?? null;
  }
}

/** What is known of files by device, inode, size and time; the ones used last are kept. Null: no code of this machine. */
export class Modules {
  readonly #known = new Map<string, Module | null>();

  get(key: string, read: Read): Module | null {
    let module = this.#known.get(key);
    if (module === undefined) module = parsed(read);
    this.#known.delete(key);
    this.#known.set(key, module);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MODULES_MAX && oldest !== undefined) this.#known.delete(oldest);
    return module;
  }
}

function parsed(read: Read): Module | null {
  try {
    const elf = parseElf(read);
    return elf && new Module(elf);
  } catch (error) {
    // A table that says it is longer than it is.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

export interface Opened {
  module: Module | null;
  read: Read;
  close(): void;
  /** Its file may not be opened: what is known of it is what is loaded, which has no names. */
  denied: boolean;
}

const NOTHING: Opened = { module: null, read: () => null, close: () => {}, denied: false };

/** The module of an area of a process, until it is closed. */
export function openModule(
  pid: number,
  { from, to }: Area,
  file: AreaFile,
  memory: Memory,
  modules: Modules,
): Opened {
  if (file.kind !== 'local') return NOTHING;
  const link = `/proc/${pid}/map_files/${from.toString(16)}-${to.toString(16)}`;
  let key: string;
  try {
    const stat = statSync(link);
    // Opening a device would do something to it.
    if (!stat.isFile()) return NOTHING;
    key = `${file.device} ${file.inode} ${stat.size} ${stat.mtimeMs}`;
  } catch {
    const read = loadedPart(file, memory);
    return { module: parsed(read), read, close: () => {}, denied: true };
  }
  let fd: number | null | undefined;
  const read: Read = (at, length) => {
    fd ??= openFile(link);
    if (fd === null) return null;
    try {
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, readSync(fd, bytes, 0, length, at));
    } catch {
      return null;
    }
  };
  return {
    module: modules.get(key, read),
    read,
    close: () => {
      if (typeof fd === 'number') closeSync(fd);
      fd = null;
    },
    denied: false,
  };
}

function openFile(link: string): number | null {
  try {
    return openSync(link, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return null;
  }
}

const PAGE = 4_096;

/** A file as far as the process has it in its memory. */
function loadedPart({ device, inode }: AreaFile, memory: Memory): Read {
  const parts = memory.areas.flatMap(({ from, to, file }) =>
    file?.device === device && file.inode === inode ? [{ from, to, offset: file.offset }] : [],
  );
  return (at, length) => {
    const part = parts.find(({ from, to, offset }) => at >= offset && at < offset + to - from);
    if (!part) return null;
    const from = part.from + at - part.offset;
    const bytes = memory.bytes(from, Math.min(length, part.to - from, PAGE));
    return bytes;
  };
}
