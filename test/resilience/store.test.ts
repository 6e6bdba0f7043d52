// The store when something of it breaks: its threads end, its file is damaged before or while it is open. What was
// accepted is stored or counted, whatever happens.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import Sqlite from 'better-sqlite3';
import { describe, expect, it, vi } from 'vitest';
import { OpenRecordings, RecordingReads } from '../../server/recordings/opened.ts';
import type { KeptThread } from '../../server/store/kept-thread.ts';
import type { FromReader, FromWriter, ToWriter } from '../../server/store/protocol.ts';
import type { ReaderClient } from '../../server/store/reader-client.ts';
import type { Store } from '../../server/store/types.ts';
import { cleanUp, mount, open, span, tempFile } from '../server/store/helpers.ts';

const WAIT = { timeout: 15_000, interval: 5 };
const PAGE = 4_096;

/** The store's own threads: to end them is what a bug in one, or a lack of memory, comes to. */
interface Threads {
  writer: KeptThread<FromWriter>;
  readerThread: KeptThread<FromReader>;
}
const threadsOf = (store: Store) => store as unknown as Threads;

/** Overwrites a part of a file. */
function damage(file: string, at: number, length: number): void {
  const fd = openSync(file, 'r+');
  writeSync(fd, Buffer.alloc(length, 0x5a), 0, length, at);
  closeSync(fd);
}

describe('a thread of the store that ends by itself', () => {
  it('while it writes: another one goes on, and nothing that was accepted is missing', async () => {
    const said: string[] = [];
    const lost: number[] = [];
    const durable: number[] = [];
    const store = await open(tempFile(), {
      onState: (state, message) => said.push(`${state} ${message}`),
      onLost: (_cause, count) => lost.push(count),
      onDurable: (_instance, seq) => durable.push(seq),
    });
    store.putMount(mount(1, '/mnt/x'));
    let id = 0;
    const more = (count: number) => {
      for (const end = id + count; id < end; ) store.insert(span(++id, { path: `/f-${id}` }), null);
      store.noteSeq('a', id);
      store.flush();
    };
    for (let round = 0; round < 5; round++) more(3_000);
    const ended = once(threadsOf(store).writer.worker, 'exit');
    void threadsOf(store).writer.worker.terminate();
    await ended;
    more(3_000);
    expect(store.gauges()).toMatchObject({
      state: 'failing',
      message: expect.stringMatching(/writes has ended/),
    });
    await vi.waitFor(() => expect(store.gauges()).toMatchObject({ state: 'ok', queued: 0 }), WAIT);
    more(3_000);
    await vi.waitFor(() => expect(durable.at(-1)).toBe(id), WAIT);
    expect(store.gauges()).toMatchObject({ spans: id, message: null });
    expect(await store.span(id)).toMatchObject({ path: `/f-${id}`, mount: '/mnt/x' });
    expect(await store.span(1)).toMatchObject({ path: '/f-1' });
    expect(lost).toEqual([]);
    expect(said.map((line) => line.split(' ')[0])).toEqual(['failing', 'ok']);
  });

  it('each time at the same operations: they are given up and counted, and the rest goes on', async () => {
    const lost: number[] = [];
    const store = await open(tempFile(), { onLost: (_cause, count) => lost.push(count) });
    const { writer } = threadsOf(store);
    const post = writer.post.bind(writer);
    writer.post = (message) => {
      const { type } = message as ToWriter;
      if (type === 'batch') void writer.worker.terminate();
      else post(message);
    };
    for (let id = 1; id <= 7; id++) store.insert(span(id), null);
    store.flush();
    await vi.waitFor(() => expect(lost).toEqual([7]), WAIT);
    writer.post = post;
    store.insert(span(8), null);
    await vi.waitFor(async () => expect(await store.span(8)).not.toBeNull(), WAIT);
    expect(await store.span(1)).toBeNull();
    expect(store.gauges().message).toMatch(/the thread that writes has ended/);
  });

  it('while it reads: who asked is told, and the next one is answered', async () => {
    const store = await open(tempFile());
    store.insert(span(1), null);
    await store.settled();
    const toldAway = {
      code: 'FUSESCOPE_STORE',
      message: expect.stringMatching(/reads has ended.*Ask again/),
    };
    const asked = store.span(1);
    const ended = once(threadsOf(store).readerThread.worker, 'exit');
    void threadsOf(store).readerThread.worker.terminate();
    // It may have answered before it ended.
    await asked.then(
      (found) => expect(found).not.toBeNull(),
      (error) => expect(error).toMatchObject(toldAway),
    );
    await ended;
    expect(store.gauges().state).toBe('failing');
    await expect(store.span(1)).rejects.toMatchObject(toldAway);
    await vi.waitFor(() => expect(store.gauges().state).toBe('ok'), WAIT);
    expect(await store.span(1)).not.toBeNull();
  });

  it('of a recording that is looked at: whoever asks next has another one', async () => {
    const file = tempFile();
    const store = await open(file);
    store.insert(span(1), null);
    await store.close();
    const opened = new OpenRecordings();
    const reads = () => opened.get(7, () => RecordingReads.open(file, Date.now() * 1_000));
    const first = await reads();
    expect(await first.span(1)).not.toBeNull();
    const { worker } = (first as unknown as { client: ReaderClient }).client;
    const ended = once(worker, 'exit');
    void worker.terminate();
    await ended;
    await expect(first.span(1)).rejects.toMatchObject({ code: 'FUSESCOPE_STORE' });
    const [second, third] = await Promise.all([reads(), reads()]);
    expect(second).not.toBe(first);
    expect(third).toBe(second);
    expect(await second.span(1)).not.toBeNull();
    await opened.close();
  });

  it('of a trace in memory: it begins anew, says so, and leaves nothing behind', async () => {
    const store = await open(':memory:');
    store.putMount(mount(1, '/mnt/x'));
    store.insert(span(1), null);
    expect(await store.span(1)).not.toBeNull();
    const ended = once(threadsOf(store).readerThread.worker, 'exit');
    void threadsOf(store).readerThread.worker.terminate();
    await ended;
    await vi.waitFor(
      () => expect(store.gauges()).toMatchObject({ state: 'ok', message: /begins anew/ }),
      WAIT,
    );
    store.insert(span(2), null);
    expect(await store.span(2)).toMatchObject({ mount: '/mnt/x' });
    expect(await store.span(1)).toBeNull();
    const mine = readdirSync('/dev/shm').filter((name) => name.startsWith(`fusescope-${process.pid}-`));
    expect(mine).toEqual([]);
  });
});

describe('a damaged file', () => {
  const filled = async (file: string) => {
    const store = await open(file);
    for (let id = 1; id <= 3_000; id++) store.insert(span(id, { path: `/some/where/file-${id}` }), null);
    await store.close();
  };

  it.each<[string, (file: string) => void]>([
    ['in its header', (file) => damage(file, 0, 100)],
    ['in a table', (file) => damage(file, 2 * PAGE, PAGE)],
    ['cut in the middle', (file) => cut(file)],
  ])('%s is set aside as it is, a new one begun, and that is said', async (_where, harm) => {
    const file = tempFile();
    await filled(file);
    harm(file);
    const before = readFileSync(file);
    const store = await open(file);
    expect(store.setAside).toMatch(/test\.db\.unreadable-/);
    expect(readFileSync(store.setAside ?? '')).toEqual(before);
    expect(store.gauges()).toMatchObject({
      state: 'ok',
      message: expect.stringContaining(store.setAside ?? ''),
    });
    store.insert(span(1), null);
    expect(await store.span(1)).not.toBeNull();
  });

  it('that is damaged while it is open is set aside by the first who reads there', async () => {
    const file = tempFile();
    await filled(file);
    const said: string[] = [];
    const store = await open(file, { onState: (_state, message) => said.push(message ?? '') });
    damage(file, 2 * PAGE, statSync(file).size - 2 * PAGE);
    await expect(store.spans({ filter: 'path:/some/where/file-7' })).rejects.toMatchObject({
      code: 'FUSESCOPE_STORE',
    });
    await vi.waitFor(() => expect(store.setAside).toMatch(/unreadable/), WAIT);
    expect(said.at(-1)).toContain(store.setAside);
    store.insert(span(9_000), null);
    await vi.waitFor(async () => expect(await store.span(9_000)).not.toBeNull(), WAIT);
    // Once: those who asked at the same time meant the same file.
    expect(readdirSync(dirname(file)).filter((name) => /unreadable-.*Z$/.test(name))).toHaveLength(1);
  });

  it('in the log that a killed server left keeps what comes before the damage', async () => {
    const file = tempFile();
    mkdirSync(dirname(file), { recursive: true });
    const child = spawn(
      process.execPath,
      [fileURLToPath(new URL('../server/store/writing-child.ts', import.meta.url)), file, '1000'],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    cleanUp(() => void child.kill('SIGKILL'));
    for await (const line of createInterface({ input: child.stdout })) if (Number(line) >= 8_000) break;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    const wal = `${file}-wal`;
    damage(wal, Math.floor(statSync(wal).size / 2), PAGE);
    const store = await open(file);
    expect(store.setAside).toBeNull();
    const kept = store.gauges().spans;
    expect(kept).toBeGreaterThan(0);
    expect(await store.span(kept)).not.toBeNull();
    expect(await store.span(kept + 1)).toBeNull();
    store.insert(span(store.nextSpanId), null);
    await store.settled();
    await store.close();
    const db = new Sqlite(file, { readonly: true });
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
    db.close();
  });
});

function cut(file: string): void {
  truncateSync(file, Math.floor(statSync(file).size / 2 / PAGE) * PAGE);
}
