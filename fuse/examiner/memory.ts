// Strings and numbers in the memory of a process, as arguments of its system calls point to them. Only where that
// memory is no file of a FUSE mount: reading such a page could make a request of the mount, and hang.
import { closeSync, openSync, readSync } from 'node:fs';
import { readProc } from '../kernel/discovery/proc.ts';

interface Area {
  from: bigint;
  to: bigint;
}

/** Minors of device 0:N, as maps writes those of FUSE connections. */
export class Memory {
  readonly #pid: number;
  readonly #fuse: ReadonlySet<number>;
  #areas: Area[] | null = null;

  /** @param fuse connections that are mounted now. */
  constructor(pid: number, fuse: ReadonlySet<number>) {
    this.#pid = pid;
    this.#fuse = fuse;
  }

  /** Text up to its NUL, or null where it cannot be read. */
  text(address: bigint, max = 4_096): string | null {
    const bytes = this.#read(address, max);
    if (!bytes) return null;
    const end = bytes.indexOf(0);
    return end < 0 ? null : bytes.toString('utf8', 0, end);
  }

  int32(address: bigint): number | null {
    return this.#read(address, 4)?.readInt32LE(0) ?? null;
  }

  #read(address: bigint, max: number): Buffer | null {
    this.#areas ??= this.#readAreas();
    const area = this.#areas.find((one) => address >= one.from && address < one.to);
    if (!area) return null;
    const length = Number(area.to - address < BigInt(max) ? area.to - address : BigInt(max));
    let fd: number;
    try {
      fd = openSync(`/proc/${this.#pid}/mem`, 'r');
    } catch {
      return null;
    }
    try {
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, readSync(fd, bytes, 0, length, address));
    } catch {
      return null;
    } finally {
      closeSync(fd);
    }
  }

  #readAreas(): Area[] {
    const areas: Area[] = [];
    for (const line of (readProc(`/proc/${this.#pid}/maps`) ?? '').split('\n')) {
      const match = /^([0-9a-f]+)-([0-9a-f]+) r\S* \S+ ([0-9a-f]+):([0-9a-f]+) (\d+)/.exec(line);
      if (!match) continue;
      const [, from, to, major, minor, inode] = match;
      const file = inode !== '0';
      if (file && major === '00' && this.#fuse.has(Number.parseInt(minor ?? '', 16))) continue;
      areas.push({ from: BigInt(`0x${from}`), to: BigInt(`0x${to}`) });
    }
    return areas;
  }
}
