// The areas of a process's memory, by the text of /proc/PID/maps (proc(5)). Pure.
import type { DeviceKind } from './devices.ts';

export interface Area {
  from: number;
  to: number;
  readable: boolean;
  executable: boolean;
  /** What is mapped: null for memory without a file. */
  file: AreaFile | null;
}

export interface AreaFile {
  kind: DeviceKind;
  device: number;
  inode: string;
  /** Where in the file the area begins. */
  offset: number;
  /** Last part of its path. */
  name: string;
}

const LINE = /^([0-9a-f]+)-([0-9a-f]+) (r|-).(x|-)\S* ([0-9a-f]+) ([0-9a-f]+):([0-9a-f]+) (\d+)\s*(.*)$/;
/** MINORBITS of include/linux/kdev_t.h. */
const MINORS = 2 ** 20;
const NAME_MAX = 64;

/** By their addresses, ascending. What the kernel keeps at the very end (vsyscall) is left out. */
export function parseAreas(text: string, kindOf: (device: number) => DeviceKind): Area[] {
  const areas: Area[] = [];
  const hex = (digits: string | undefined) => Number.parseInt(digits ?? '', 16);
  for (const line of text.split('\n')) {
    const match = LINE.exec(line);
    if (!match) continue;
    const [, from, to, readable, executable, offset, major, minor, inode = '0', path = ''] = match;
    if (!Number.isSafeInteger(hex(to))) continue;
    const device = hex(major) * MINORS + hex(minor);
    areas.push({
      from: hex(from),
      to: hex(to),
      readable: readable === 'r',
      executable: executable === 'x',
      file:
        inode === '0'
          ? null
          : { kind: kindOf(device), device, inode, offset: hex(offset), name: nameOf(path) },
    });
  }
  return areas;
}

/** A file that was removed is marked so. */
function nameOf(path: string): string {
  const name =
    path
      .replace(/ \(deleted\)$/, '')
      .split('/')
      .at(-1) ?? '';
  return name.slice(0, NAME_MAX);
}

/** The area that an address lies in. @param areas ascending. */
export function areaAt(areas: readonly Area[], address: number): Area | null {
  let low = 0;
  let high = areas.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((areas[middle] as Area).to <= address) low = middle + 1;
    else high = middle;
  }
  const area = areas[low];
  return area && address >= area.from ? area : null;
}
