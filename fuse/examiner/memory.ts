// The memory of a process: strings and numbers that arguments of its system calls point to, its stacks, its code. Only
// where that memory is no file of a FUSE mount: reading such a page could make a request of the mount, and hang.
import { closeSync, openSync, readSync } from 'node:fs';
import { readProc } from '../kernel/discovery/proc.ts';
import { type Area, areaAt, parseAreas } from './areas.ts';
import type { Devices } from './devices.ts';

const PAGE = 4_096;
/** Of one process; what lies beyond reads as null. */
const PAGES_MAX = 1_024;

export class Memory {
  readonly #pid: number;
  readonly #devices: Devices;
  readonly #pages = new Map<number, Buffer | null>();
  #areas: Area[] | null = null;
  /** Null: may not be opened. */
  #fd: number | null | undefined;

  constructor(pid: number, devices: Devices) {
    this.#pid = pid;
    this.#devices = devices;
  }

  /** Text up to its NUL, or null where it cannot be read. */
  text(address: bigint, max = 4_096): string | null {
    const bytes = this.#read(Number(address), max);
    if (!bytes) return null;
    const end = bytes.indexOf(0);
    return end < 0 ? null : bytes.toString('utf8', 0, end);
  }

  int32(address: bigint): number | null {
    return this.bytes(Number(address), 4)?.readInt32LE(0) ?? null;
  }

  get areas(): readonly Area[] {
    this.#areas ??= parseAreas(readProc(`/proc/${this.#pid}/maps`) ?? '', (device) =>
      this.#devices.kindOf(device, this.#pid),
    );
    return this.#areas;
  }

  area(address: number): Area | null {
    return areaAt(this.areas, address);
  }

  /** Exactly so many bytes, 4096 at most, or null. Read once: a second look shows what the first one saw. */
  bytes(address: number, length: number): Buffer | null {
    const first = address - (address % PAGE);
    const from = address - first;
    const page = this.#page(first);
    if (!page || from + length <= PAGE) return page?.subarray(from, from + length) ?? null;
    const next = this.#page(first + PAGE);
    return next && Buffer.concat([page.subarray(from), next.subarray(0, from + length - PAGE)]);
  }

  /** Eight bytes as a number: exact for addresses of programs. */
  word(address: number): number | null {
    const bytes = this.bytes(address, 8);
    return bytes && bytes.readUInt32LE(4) * 2 ** 32 + bytes.readUInt32LE(0);
  }

  close(): void {
    if (typeof this.#fd === 'number') closeSync(this.#fd);
    this.#fd = null;
  }

  #page(address: number): Buffer | null {
    const known = this.#pages.get(address);
    if (known !== undefined) return known;
    if (this.#pages.size >= PAGES_MAX) return null;
    const bytes = this.#read(address, PAGE);
    const page = bytes?.length === PAGE ? bytes : null;
    this.#pages.set(address, page);
    return page;
  }

  #read(address: number, max: number): Buffer | null {
    const area = this.area(address);
    if (!area?.readable || area.file?.kind === 'fuse') return null;
    const length = Math.min(max, area.to - address);
    const fd = this.#open();
    if (fd === null) return null;
    try {
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, readSync(fd, bytes, 0, length, address));
    } catch {
      return null;
    }
  }

  #open(): number | null {
    if (this.#fd !== undefined) return this.#fd;
    try {
      this.#fd = openSync(`/proc/${this.#pid}/mem`, 'r');
    } catch {
      this.#fd = null;
    }
    return this.#fd;
  }
}
