import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import Sqlite from 'better-sqlite3';
import { describe, expect, it, vi } from 'vitest';
import { openStore } from '../../../server/store/store.ts';
import { describeWith } from '../../support/requires.ts';
import { cleanUp, mount, open, span, tempDir, tempFile } from './helpers.ts';

const options = { maxBytes: 1e9, maxAgeS: 86_400 };
const WAIT = { timeout: 15_000, interval: 5 };

describe('a file that cannot be used', () => {
  it('of a newer version is refused', async () => {
    const file = tempFile();
    await (await open(file)).close();
    const db = new Sqlite(file);
    db.pragma('user_version = 99');
    db.close();
    await expect(openStore({ file, ...options })).rejects.toMatchObject({
      code: 'FUSESCOPE_STORE',
      message: expect.stringContaining('newer FuseScope (schema 99'),
    });
  });

  it('of another program is refused and left as it is', async () => {
    const file = tempFile();
    const db = new Sqlite(file);
    db.exec('CREATE TABLE theirs (x)');
    db.close();
    const before = readFileSync(file);
    await expect(openStore({ file, ...options })).rejects.toMatchObject({
      message: expect.stringContaining('another program'),
    });
    expect(readFileSync(file)).toEqual(before);
  });

  it('that is no database is set aside, and a new one begun', async () => {
    const file = tempFile();
    writeFileSync(file, 'not a database, but long enough to be taken for one\n'.repeat(100));
    const store = await open(file);
    expect(store.setAside).toMatch(/test\.db\.unreadable-/);
    expect(readFileSync(store.setAside ?? '', 'utf8')).toContain('not a database');
    store.insert(span(1), null);
    expect(await store.span(1)).not.toBeNull();
  });

  it('with broken pages is set aside', async () => {
    const file = tempFile();
    const first = await open(file);
    for (let id = 1; id <= 2_000; id++) first.insert(span(id), null);
    await first.close();
    const bytes = readFileSync(file);
    writeFileSync(file, Buffer.concat([bytes.subarray(0, 4_096), Buffer.alloc(bytes.length - 4_096, 0x5a)]));
    const second = await open(file);
    expect(second.setAside).not.toBeNull();
    expect((await second.spans({})).items).toEqual([]);
  });

  it('in a place that is no folder is refused with the reason', async () => {
    const file = tempFile();
    writeFileSync(file, '');
    await expect(openStore({ file: join(file, 'x.db'), ...options })).rejects.toMatchObject({
      code: 'FUSESCOPE_STORE',
      message: expect.stringMatching(/cannot be opened \(.*ENOTDIR|EEXIST/),
    });
  });

  it('in use by another process is refused, and free again when that was killed', async () => {
    const file = tempFile();
    const child = startChild(file, 10);
    await once(child.lines, 'line');
    await expect(openStore({ file, ...options })).rejects.toMatchObject({
      code: 'FUSESCOPE_CONFLICT',
      message: expect.stringContaining(`in use by process ${child.pid}`),
    });
    await child.kill();
    expect((await open(file)).setAside).toBeNull();
  });
});

describe('trouble while running', () => {
  it('more than may wait is given up and counted, never waited for', async () => {
    let lost = 0;
    const store = await open(tempFile(), {
      onLost: (cause, count) => (lost += cause === 'store-behind' ? count : NaN),
    });
    const one = span(1);
    for (let id = 1; id <= 450_000; id++) {
      one.id = id;
      store.insert(one, null);
    }
    store.flush();
    expect(lost).toBe(50_000);
    await vi.waitFor(() => expect(store.gauges().queued).toBe(0), WAIT);
    expect(store.gauges().spans).toBe(400_000);
  }, 60_000);

  it('what can never be written is given up and counted, and all else goes on', async () => {
    const lost: [string, number][] = [];
    const store = await open(tempFile(), { onLost: (cause, count) => lost.push([cause, count]) });
    store.insert(span(1, { pid: 1.5 }), null);
    store.noteSeq('a', 1);
    store.flush();
    store.insert(span(2), null);
    expect(await store.span(2)).not.toBeNull();
    expect(await store.span(1)).toBeNull();
    expect(lost).toEqual([['store-failing', 1]]);
    expect(store.gauges()).toMatchObject({ state: 'ok', queued: 0 });
  });

  it('its file deleted: it begins a new one, in which every name is known', async () => {
    const file = tempFile();
    const store = await open(file);
    store.putMount(mount(1, '/mnt/x'));
    store.insert(span(1, { path: '/kept/name', comm: 'cat' }), null);
    expect(await store.span(1)).not.toBeNull();
    for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true });
    await vi.waitFor(() => expect(existsSync(file)).toBe(true), WAIT);
    store.insert(span(2, { path: '/kept/name', comm: 'cat' }), null);
    await vi.waitFor(
      async () =>
        expect(await store.span(2)).toMatchObject({ path: '/kept/name', comm: 'cat', mount: '/mnt/x' }),
      WAIT,
    );
    expect(await store.span(1)).toBeNull();
    expect(store.gauges().message).toMatch(/removed or replaced/);
  }, 30_000);

  it('killed while it writes: everything it called durable is there', async () => {
    const file = tempFile();
    const child = startChild(file, 3_000);
    let durable = 0;
    for await (const line of child.lines) {
      durable = Number(line);
      if (durable >= 30_000) break;
    }
    await child.kill();
    const store = await open(file);
    expect(store.setAside).toBeNull();
    expect(store.seqs.get('child')).toBeGreaterThanOrEqual(durable);
    expect(store.nextSpanId).toBeGreaterThan(durable);
    expect(await store.span(durable)).toMatchObject({ path: `/file-${durable % 100}` });
    await store.close();
    const db = new Sqlite(file, { readonly: true });
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(db.prepare('SELECT count(*) FROM spans WHERE id <= ?').pluck().get(durable)).toBe(durable);
    db.close();
    expect(readdirSync(dirname(file)).filter((name) => name.includes('unreadable'))).toEqual([]);
  }, 60_000);
});

/** A process that writes spans for ever and prints how far they are durable. */
function startChild(file: string, batch: number) {
  mkdirSync(dirname(file), { recursive: true });
  const process = spawn(
    globalThis.process.execPath,
    [fileURLToPath(new URL('./writing-child.ts', import.meta.url)), file, String(batch)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const ended = once(process, 'exit');
  const kill = async () => {
    process.kill('SIGKILL');
    await ended;
  };
  cleanUp(kill);
  return { pid: process.pid, lines: createInterface({ input: process.stdout }), kill };
}

describeWith(['root'], 'a store on a disk', () => {
  it('that is full: it fails, counts, and goes on by itself', async () => {
    const dir = tempDir();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', dir]);
    cleanUp(() => void execFileSync('umount', ['-l', dir]));
    const states: string[] = [];
    const durable: number[] = [];
    const store = await open(join(dir, 'x.db'), {
      onState: (state, message) => states.push(`${state} ${message}`),
      onDurable: (_instance, seq) => durable.push(seq),
    });
    store.putMount(mount(1, '/mnt/x'));
    store.insert(span(1), null);
    expect(await store.span(1)).not.toBeNull();
    const filler = join(dir, 'filler');
    expect(() => writeFileSync(filler, Buffer.alloc(8e6))).toThrow(/ENOSPC/);

    let id = 2;
    for (; id <= 20_000; id++) store.insert(span(id), null);
    store.noteSeq('a', 7);
    store.flush();
    await vi.waitFor(() => expect(store.gauges().state).toBe('failing'), WAIT);
    expect(states[0]).toMatch(/^failing .*full/);
    expect(durable).toEqual([]);
    // What is there can still be read.
    expect(await store.span(1)).not.toBeNull();

    rmSync(filler);
    await vi.waitFor(() => expect(store.gauges().state).toBe('ok'), WAIT);
    await vi.waitFor(() => expect(durable).toEqual([7]), WAIT);
    expect(await store.span(19_999)).not.toBeNull();
    expect(store.gauges()).toMatchObject({ spans: 20_000, queued: 0, message: null });
  }, 60_000);

  it('that stays full: what is given up is counted when closing', async () => {
    const dir = tempDir();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', dir]);
    cleanUp(() => void execFileSync('umount', ['-l', dir]));
    let lost = 0;
    const store = await open(join(dir, 'x.db'), {
      onLost: (cause, count) => {
        expect(cause).toBe('store-failing');
        lost += count;
      },
    });
    expect(() => writeFileSync(join(dir, 'filler'), Buffer.alloc(8e6))).toThrow(/ENOSPC/);
    for (let id = 1; id <= 20_000; id++) store.insert(span(id), null);
    store.flush();
    await vi.waitFor(() => expect(store.gauges().state).toBe('failing'), WAIT);
    await store.close();
    expect(lost).toBe(20_000);
  }, 60_000);
});
