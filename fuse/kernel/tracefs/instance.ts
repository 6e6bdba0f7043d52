// Our own instance of the kernel's trace buffers: it shares nothing with other users of tracing, and is gone when we
// are. What a killed process left is removed by the next one.
import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { readMountinfo } from '../../mountinfo.ts';
import { listProc, readProc, readStat } from '../discovery/proc.ts';

const PREFIX = 'fusescope-';
/** All buffers together, and one processor's at least and at most. */
const TOTAL_KB = 64 * 1024;
const MIN_CPU_KB = 256;
const MAX_CPU_KB = 8192;

/** Where tracefs is mounted, or null. */
export function findTracefs(): string | null {
  return readMountinfo().find((entry) => entry.fsType === 'tracefs')?.mountpoint ?? null;
}

/** Removes the instances that processes no longer alive have left; the kernel refuses those in use. */
export function clearOld(tracefs: string): void {
  for (const name of listProc(join(tracefs, 'instances'))) {
    const [pid, startTicks] = name.slice(PREFIX.length).split('-').map(Number);
    if (!name.startsWith(PREFIX) || pid === undefined) continue;
    if (readStat(pid)?.startTicks === startTicks) continue;
    try {
      rmdirSync(join(tracefs, 'instances', name));
    } catch {
      // In use by a process that we cannot see (another container's), or just removed by another.
    }
  }
}

export interface CpuBuffer {
  cpu: number;
  fd: number;
}

export class Instance {
  readonly #dir: string;
  readonly buffers: readonly CpuBuffer[];

  /** @throws where this user may not, with the system's error. */
  constructor(tracefs: string, bufferKb: number | null) {
    this.#dir = join(tracefs, 'instances', `${PREFIX}${process.pid}-${readStat(process.pid)?.startTicks}`);
    mkdirSync(this.#dir);
    const buffers: CpuBuffer[] = [];
    this.buffers = buffers;
    try {
      // The clock of the spans; setting it empties the buffers.
      this.write('trace_clock', 'mono');
      const cpus = listProc(join(this.#dir, 'per_cpu')).map((name) => Number(name.slice('cpu'.length)));
      const share = Math.min(MAX_CPU_KB, Math.max(MIN_CPU_KB, Math.floor(TOTAL_KB / cpus.length)));
      this.write('buffer_size_kb', String(bufferKb ?? share));
      this.write('options/record-tgid', '1');
      for (const cpu of cpus) {
        const path = join(this.#dir, `per_cpu/cpu${cpu}/trace_pipe_raw`);
        buffers.push({ cpu, fd: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK) });
      }
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  /** @throws where the file is not there or refuses the text. */
  write(file: string, text: string): void {
    writeFileSync(join(this.#dir, file), text);
  }

  read(file: string): string {
    return readFileSync(join(this.#dir, file), 'utf8');
  }

  /** The next page of a processor's buffer into `into`. @returns its bytes, 0 where there is none. */
  readPage({ fd }: CpuBuffer, into: Uint8Array): number {
    try {
      return readSync(fd, into);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0;
      throw error;
    }
  }

  /** Records of a processor that were overwritten before they were read, since the start. */
  overrun(cpu: number): number {
    const stats = readProc(join(this.#dir, `per_cpu/cpu${cpu}/stats`)) ?? '';
    let count = 0;
    for (const name of ['overrun', 'commit overrun', 'dropped events'])
      count += Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(stats)?.[1] ?? 0);
    return count;
  }

  /** Ends the recording and gives the buffers back. */
  remove(): void {
    for (const { fd } of this.buffers) closeSync(fd);
    rmdirSync(this.#dir);
  }
}
