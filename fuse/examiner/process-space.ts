// One process as the unwinder sees it: its memory, the tables of its modules, the names of its functions. Opened for one
// look, and closed after it.
import type { Area, AreaFile } from './areas.ts';
import { areaAt } from './areas.ts';
import type { Row } from './eh-frame.ts';
import { addressOf } from './elf.ts';
import type { Memory } from './memory.ts';
import { type Modules, type Opened, openModule } from './modules.ts';
import { type Space, type StackFrame, siteOf } from './user-stack.ts';

/** An address in a module. */
interface Placed {
  file: AreaFile;
  opened: Opened;
  /** As the file counts addresses; where it is not known, its place in the file. */
  address: number;
}

export class ProcessSpace implements Space {
  readonly #pid: number;
  readonly #memory: Memory;
  readonly #modules: Modules;
  readonly #opened = new Map<string, Opened>();
  readonly #code: readonly Area[];

  constructor(pid: number, memory: Memory, modules: Modules) {
    this.#pid = pid;
    this.#memory = memory;
    this.#modules = modules;
    this.#code = memory.areas.filter((one) => one.executable);
  }

  /** Names could not be had, for want of rights. */
  get denied(): boolean {
    return [...this.#opened.values()].some((one) => one.denied);
  }

  bytes(address: number, length: number): Buffer | null {
    return this.#isNear(address) ? this.#memory.bytes(address, length) : null;
  }

  word(address: number): number | null {
    return this.#isNear(address) ? this.#memory.word(address) : null;
  }

  endOfStack(address: number): number | null {
    const area = this.#memory.area(address);
    return area?.readable && area.file === null ? area.to : null;
  }

  isCode(address: number): boolean {
    return areaAt(this.#code, address) !== null;
  }

  rowAt(address: number): Row | null {
    const placed = this.#place(address);
    const module = placed?.opened.module;
    const row = module ? module.rowAt(placed.address, placed.opened.read) : null;
    if (!placed || !row) return null;
    const by = address - placed.address;
    return { ...row, start: row.start + by, end: row.end + by };
  }

  startOf(address: number): number | null {
    const placed = this.#place(address);
    const module = placed?.opened.module;
    if (!placed || !module) return null;
    module.learn([placed.address], placed.opened.read);
    const found = module.functionAt(placed.address);
    return found && found.address + address - placed.address;
  }

  /** Looks for the names of the functions of many frames at once. */
  learn(frames: readonly StackFrame[]): void {
    const byModule = new Map<Opened, number[]>();
    for (const frame of frames) {
      const placed = this.#place(siteOf(frame));
      if (placed) byModule.set(placed.opened, [...(byModule.get(placed.opened) ?? []), placed.address]);
    }
    for (const [{ module, read }, addresses] of byModule) module?.learn(addresses, read);
  }

  /** `ask_server+0x4a (stuckfs)`, or `stuckfs+0x12f0` without a symbol. */
  textOf(frame: StackFrame): string {
    const site = siteOf(frame);
    const placed = this.#place(site);
    if (!placed) return `0x${frame.address.toString(16)} (code without a file)`;
    const { file, opened } = placed;
    const address = placed.address + frame.address - site;
    const found = opened.module?.functionAt(placed.address);
    return found
      ? `${found.name}+0x${(address - found.address).toString(16)} (${file.name})`
      : `${file.name}+0x${address.toString(16)}`;
  }

  close(): void {
    for (const one of this.#opened.values()) one.close();
  }

  /** In memory of its own, or in a file that is read without anybody else. */
  #isNear(address: number): boolean {
    const kind = this.#memory.area(address)?.file?.kind;
    return kind === undefined || kind === 'local';
  }

  #place(address: number): Placed | null {
    const area = areaAt(this.#code, address);
    if (!area?.file) return null;
    const { file } = area;
    const key = `${file.device} ${file.inode}`;
    const opened = this.#opened.get(key) ?? openModule(this.#pid, area, file, this.#memory, this.#modules);
    this.#opened.set(key, opened);
    const offset = address - area.from + file.offset;
    const { module } = opened;
    return { file, opened, address: (module && addressOf(module.elf, offset)) ?? offset };
  }
}
