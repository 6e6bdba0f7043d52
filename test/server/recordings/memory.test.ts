// Memory does not grow with the log: neither while spans flow into a recording, nor when it is completed. Sizes differ by
// so much that anything held for each operation would be far over the margin.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { Encoder } from '../../../server/store/encoder.ts';
import type { ImportAnswer } from '../../../shared/import.ts';
import { blankSpan } from '../../../shared/span.ts';
import { startTestServer } from '../../support/server.ts';

const COMPLETING = fileURLToPath(new URL('./completing-child.ts', import.meta.url));
const MIB = 1024 * 1024;
const dir = mkdtempSync(join(tmpdir(), 'fusescope-memory-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Highest resident memory of a process since the last `forget`. */
function peakBytes(pid: number): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
}

function forget(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

/** A log of so many operations. */
function* log(operations: number): Generator<Buffer> {
  const two = (n: number) => String(n).padStart(2, '0');
  for (let i = 0; i < operations; ) {
    let piece = '';
    for (const end = Math.min(operations, i + 1_000); i < end; i++) {
      const stamp = `2026/01/31 ${two(Math.floor(i / 180_000) % 24)}:${two(Math.floor(i / 3_000) % 60)}:${two(Math.floor(i / 50) % 60)}.${String((i % 50) * 20_000).padStart(6, '0')}`;
      piece += `${stamp} [FUSE] Open ENTER path=/data/part-${i % 1_000}/object\n${stamp} [FUSE] Open EXIT  dur=7µs\n`;
    }
    yield Buffer.from(piece);
  }
}

describe('memory', () => {
  it('of the server stays where it is, however long the log that is imported', async () => {
    await using server = await startTestServer();
    const pid = server.child.pid ?? 0;
    const peak = async (operations: number) => {
      forget(pid);
      const response = await fetch(new URL('/api/import?format=fusestream', server.url), {
        method: 'POST',
        body: Readable.toWeb(Readable.from(log(operations))) as ReadableStream,
        duplex: 'half',
        headers: { 'content-type': 'application/octet-stream' },
      });
      const answer = (await response.json()) as ImportAnswer;
      expect(answer.spans).toBe(operations);
      return peakBytes(pid);
    };
    // The first one brings everything up to its size: buffers, dictionaries, heaps.
    await peak(150_000);
    const small = await peak(50_000);
    const large = await peak(400_000);
    expect(large - small).toBeLessThan(100 * MIB);
  }, 60_000);

  it('of names is bounded: beyond that some are stored again', () => {
    const maxStrings = 500;
    const firstIds = { paths: 1, comms: 1, arguments: 1, instances: 1 };
    const encoder = new Encoder({ firstIds, nextSpanId: 1, epochS: 1e9, nowS: 0, maxStrings });
    let stored = 0;
    let most = 0;
    for (let id = 1; id <= 20_000; id++) {
      encoder.add({ ...blankSpan(id, 1, '/mnt/x', 'log', 'open'), path: `/part-${id}` }, null, true);
      if (id % 100 > 0) continue;
      stored += encoder.take().strings.paths.strings.length;
      encoder.renewEpoch(0);
      most = Math.max(most, encoder.strings().paths.length);
    }
    expect(stored).toBe(20_000);
    expect(most).toBeLessThanOrEqual(maxStrings);
  });

  it('of the thread that completes a recording is the same for few operations and for many', async () => {
    const peak = async (spans: number) => {
      const child = spawn(process.execPath, [COMPLETING, join(dir, `${spans}.fscope`), String(spans)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      return JSON.parse(await text(child.stdout)) as { peakBytes: number; spans: number };
    };
    const small = await peak(400_000);
    const large = await peak(1_600_000);
    expect([small.spans, large.spans]).toEqual([400_000, 1_600_000]);
    expect(large.peakBytes - small.peakBytes).toBeLessThan(25 * MIB);
  }, 60_000);
});
