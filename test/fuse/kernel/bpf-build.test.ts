import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { CLANG, compile } from '../../../fuse/kernel/bpf/build.mjs';
import * as layout from '../../../fuse/kernel/layout.ts';
import { buildLoader } from '../../../fuse/kernel/loader/build.mjs';
import { describeWith } from '../../support/requires.ts';
import { describeTap } from './bpf.ts';

const dir = mkdtempSync(join(tmpdir(), 'fusescope-build-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** pidNs of the reader is pid_ns with C. */
const snake = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** What the C side must print for what layout.ts says. */
function expected(): Record<string, number> {
  const numbers: Record<string, number> = {
    tap_frame: layout.FRAME_HEADER,
    tap_record: layout.RECORD.tail,
  };
  const structs = { tap_record: layout.RECORD, tap_loss: layout.LOSS, tap_ready: layout.READY };
  for (const [struct, fields] of Object.entries(structs)) {
    for (const [field, offset] of Object.entries(fields)) {
      if (field !== 'tail') numbers[`${struct}.${snake(field)}`] = offset;
    }
  }
  for (const [name, value] of Object.entries(layout.FRAME)) numbers[`TAP_FRAME_${name}`] = value;
  for (const [name, value] of Object.entries({ ...layout.KIND, ...layout.FLAG }))
    numbers[`TAP_${name}`] = value;
  for (const [index, cause] of layout.CAUSES.entries())
    numbers[cause.toUpperCase().replaceAll('-', '_')] = index;
  return numbers;
}

describeTap('the loader of the tap', () => {
  test('writes what its reader expects', () => {
    buildLoader(dir);
    const printed = execFileSync(join(dir, 'tap-loader'), ['--layout'], { encoding: 'utf8' });
    expect(JSON.parse(printed)).toEqual(expected());
    expect(layout.CAUSES[layout.RING_FULL]).toBe('tap-ring-full');
    expect(layout.CAUSES[layout.EXCLUDED]).toBe('tap-excluded');
  });

  test('is not built again while nothing has changed', () => {
    buildLoader(dir);
    expect(buildLoader(dir)).toEqual({ state: 'current' });
  });
});

describeWith([`clang-${CLANG}`, `llvm-strip-${CLANG}`], 'the committed BPF object', () => {
  test('is what its source compiles to', () => {
    const fresh = join(dir, 'tap.bpf.o');
    compile(fresh);
    const committed = readFileSync(new URL('../../../fuse/kernel/bpf/tap.bpf.o', import.meta.url));
    expect(readFileSync(fresh).equals(committed)).toBe(true);
  });
});
