// What we read of program files against what binutils reads of the same ones, and of files that are broken.
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { findRow, type Row } from '../../../fuse/examiner/eh-frame.ts';
import { addressOf, findFunctions, offsetOf, parseElf, type Read } from '../../../fuse/examiner/elf.ts';
import { describeWith } from '../../support/requires.ts';

const REGISTERS = ['rax', 'rdx', 'rcx', 'rbx', 'rsi', 'rdi', 'rbp', 'rsp'];

function numberOf(name: string): number {
  const known = REGISTERS.indexOf(name);
  return known >= 0 ? known : name === 'ra' ? 16 : Number(name.slice(1));
}

/** One line of readelf: an address, and what holds from there on. */
interface Line {
  at: number;
  cells: Map<string, string>;
}

/** Of all functions; those that say nothing of their own have no lines. */
function linesOf(file: string): Line[] {
  // It fails where a debug file that the library names is not installed, once it has printed all.
  const { stdout } = spawnSync('readelf', ['--debug-dump=frames-interp', file], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  const lines: Line[] = [];
  let heads: string[] = [];
  let isFunction = false;
  for (const line of stdout.split('\n')) {
    // A register that is kept in another one is written as two words.
    const words = line
      .trim()
      .replaceAll(/r\d+ \(\w+\)/g, 'vexp')
      .split(/\s+/);
    if (line.includes(' FDE ') || line.includes(' CIE ')) isFunction = line.includes(' FDE ');
    else if (words[0] === 'LOC') heads = words;
    else if (isFunction && /^[0-9a-f]{16}$/.test(words[0] ?? ''))
      lines.push({
        at: Number.parseInt(words[0] ?? '', 16),
        cells: new Map(heads.slice(1).map((head, i) => [head, words[i + 1] ?? ''])),
      });
  }
  return lines;
}

/** A row as readelf writes it. */
function written(row: Row | null, heads: readonly string[]): Record<string, string> {
  const cells: Record<string, string> = {};
  for (const head of heads) {
    if (head === 'CFA') {
      const { frame } = row ?? { frame: null };
      const name = frame && (REGISTERS[frame.register] ?? `r${frame.register}`);
      cells[head] = frame ? `${name}+${frame.offset}` : 'exp';
      continue;
    }
    const rule = row?.rules.get(numberOf(head));
    cells[head] =
      rule === undefined || rule === 'undefined'
        ? 'u'
        : rule === 'unknown'
          ? 'exp'
          : `c${rule.saved < 0 ? '' : '+'}${rule.saved}`;
  }
  return cells;
}

function fileReader(file: string): { read: Read; close(): void } {
  const fd = openSync(file, 'r');
  return {
    read: (at, length) => {
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, readSync(fd, bytes, 0, length, at));
    },
    close: () => closeSync(fd),
  };
}

function libc(): string {
  const file = readFileSync('/proc/self/maps', 'utf8').match(/\/\S*libc\.so\.6/)?.[0];
  if (file === undefined) throw new Error('no libc');
  return file;
}

describeWith(['readelf'], 'the tables of a real library', () => {
  it('say of every address what readelf says', () => {
    const file = libc();
    const { read, close } = fileReader(file);
    const elf = parseElf(read);
    if (!elf) throw new Error('no elf');
    const lines = linesOf(file);
    expect(lines.length).toBeGreaterThan(5_000);
    const wrong: unknown[] = [];
    for (const { at, cells } of lines) {
      const ours = written(findRow(elf, read, at), [...cells.keys()]);
      const theirs = Object.fromEntries(
        [...cells].map(([head, cell]) => [head, cell === 's' ? 'u' : cell === 'vexp' ? 'exp' : cell]),
      );
      if (JSON.stringify(ours) !== JSON.stringify(theirs)) wrong.push({ at: at.toString(16), ours, theirs });
    }
    close();
    expect(wrong).toEqual([]);
  });

  it('say nothing of addresses that no function has', () => {
    const { read, close } = fileReader(libc());
    const elf = parseElf(read);
    if (!elf) throw new Error('no elf');
    for (const address of [0, 1, 2 ** 40, 2 ** 52]) expect(findRow(elf, read, address)).toBeNull();
    close();
  });

  it('name the functions that readelf names', () => {
    const file = process.execPath;
    const { read, close } = fileReader(file);
    const elf = parseElf(read);
    if (!elf) throw new Error('no elf');
    const text = execFileSync('readelf', ['-sW', file], { encoding: 'utf8', maxBuffer: 2 ** 28 });
    const byAddress = new Map<number, string[]>();
    for (const line of text.split('\n')) {
      const [, at, size, type, , , , name] = line.trim().split(/\s+/);
      if (type !== 'FUNC' || size === '0' || name === undefined) continue;
      const address = Number.parseInt(at ?? '', 16);
      // Longer ones are cut.
      byAddress.set(address, [...(byAddress.get(address) ?? []), name.slice(0, 200)]);
    }
    const some = [...byAddress.keys()].filter((address, i) => address > 0 && i % 997 === 0);
    expect(some.length).toBeGreaterThan(50);
    const found = findFunctions(elf, read, some);
    for (const address of some) {
      expect(found.get(address)?.address).toBe(address);
      expect(byAddress.get(address)).toContain(found.get(address)?.name);
      expect(addressOf(elf, offsetOf(elf, address) ?? -1)).toBe(address);
    }
    close();
  });
});

it('a file that is broken is none, or tells less; it never throws what is not caught', () => {
  const whole = readFileSync('/bin/true');
  const healthy = parseElf((at, length) => whole.subarray(at, at + length));
  const begin = healthy?.unwindAt ?? 0;
  // Where what is looked at is: the header and its tables, the unwind tables, the end with its sections.
  const places = fc.oneof(
    fc.integer({ min: 6, max: 1_000 }),
    fc.integer({ min: begin, max: begin + 3_000 }),
    fc.integer({ min: whole.length - 2_200, max: whole.length - 1 }),
  );
  const changes = fc.array(fc.tuple(places, fc.integer({ min: 0, max: 255 })), {
    minLength: 1,
    maxLength: 40,
  });
  fc.assert(
    fc.property(changes, fc.integer({ min: 0, max: whole.length }), (bytes, end) => {
      const broken = Buffer.from(whole);
      for (const [at, byte] of bytes) broken[at % whole.length] = byte;
      const cut = broken.subarray(0, end % 3 === 0 ? end : whole.length);
      const read: Read = (at, length) => (at >= 0 && at < cut.length ? cut.subarray(at, at + length) : null);
      const elf = parseElf(read);
      if (!elf) return;
      for (let address = begin - 20_000; address < begin; address += 1_500) findRow(elf, read, address);
      findFunctions(elf, read, [begin - 5_000, begin - 9_000]);
    }),
    { numRuns: 1_500 },
  );
});
