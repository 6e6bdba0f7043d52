// The store: how fast the writer takes spans, alone and behind its thread, and how long questions take with ten
// million spans in it (FUSESCOPE_BENCH_SPANS for another number).
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { LatencyRecorder } from '../../server/latency/recorder.ts';
import { BatchWriter } from '../../server/store/batch-writer.ts';
import { Encoder } from '../../server/store/encoder.ts';
import { openDatabase, releaseOwner } from '../../server/store/open.ts';
import { openStore } from '../../server/store/store.ts';
import type { RollupRow, Store } from '../../server/store/types.ts';
import { compileFilter } from '../../shared/filter/compile.ts';
import { parse } from '../../shared/filter/parse.ts';
import { formatBytes, formatCompact, formatDuration } from '../../shared/units.ts';
import { benchMounts, LIMITS } from './filled.ts';
import type { Report } from './report.ts';
import { blank, fill } from './workload.ts';

const SPANS = Number(process.env.FUSESCOPE_BENCH_SPANS ?? 10_000_000);
/** The spans lie in the last two hours. */
const WINDOW_S = 7_200;

export async function bench(report: Report): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'fusescope-bench-'));
  try {
    report.section('Filters, spans a second on one thread');
    filters(report);
    report.section('Writing, spans a second');
    const plain = plainInserts(join(dir, 'plain.db'));
    report.line('one INSERT a span, no names, no index', rate(plain));
    const alone = fillFile(join(dir, 'big.db'), SPANS);
    const ratio = `${(alone.spans / plain).toFixed(2)} of the plain one`;
    report.line(`writer alone, ${formatCompact(SPANS).text} spans`, rate(alone.spans), {
      ratio,
      goal: '350 k',
    });
    report.line('processor time of that, a span', formatDuration(alone.cpuNs).text);
    report.line('rollup rows, into three tiers', rate(alone.rollups));
    report.line('main thread to committed', rate(await throughThread(join(dir, 'thread.db'))), {
      goal: '150 k',
    });
    report.section(
      `Questions, ${formatCompact(SPANS).text} spans in ${formatBytes(statSync(join(dir, 'big.db')).size).text}`,
    );
    await questions(report, join(dir, 'big.db'));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function filters(report: Report): void {
  const spans = Array.from({ length: 10_000 }, (_, i) => fill(blank(), i, 1e15 + i));
  for (const text of [
    'op:read',
    'op:read,write dur:>10ms errno:none',
    'path:/srv/**/file-1*.dat',
    '-path:*.tmp',
    'project-7',
  ]) {
    const parsed = parse(text);
    if (!parsed.ok) throw new Error(parsed.error.message);
    const test = compileFilter(parsed.filter);
    let held = 0;
    const ms = timed(() => {
      for (let round = 0; round < 50; round++) for (const span of spans) if (test(span)) held++;
    });
    report.line(text, rate(500_000 / (ms / 1e3)), {
      ratio: `${((held / 500_000) * 100).toFixed(0)} % match`,
    });
  }
}

/** What SQLite does without anything of ours: the measure for the rest. */
function plainInserts(file: string): number {
  const db = new Sqlite(file);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = NORMAL');
  db.exec(`CREATE TABLE plain (${Array.from({ length: 25 }, (_, i) => `c${i} INTEGER`).join(',')})`);
  const insert = db.prepare(`INSERT INTO plain VALUES (${new Array(25).fill('?').join(',')})`);
  const values = new Array(25).fill(0.5);
  const total = 300_000;
  const ms = timed(() => {
    for (let id = 0; id < total; id += 5_000) {
      db.transaction(() => {
        for (let i = 0; i < 5_000; i++) {
          for (let column = 0; column < 25; column++) values[column] = id * column + i;
          insert.run(values);
        }
      })();
    }
  });
  db.close();
  return total / (ms / 1e3);
}

/** Fills a file as the server does, with rollups; answers what the writer's part took, spans and rollup rows a second. */
function fillFile(file: string, total: number): { spans: number; rollups: number; cpuNs: number } {
  const { db } = openDatabase(file);
  const writer = new BatchWriter(db, LIMITS);
  const beginUs = (Math.floor(Date.now() / 1_000) - WINDOW_S) * 1e6;
  const encoder = new Encoder({ ...writer.found(null), epochS: 3_600, nowS: beginUs / 1e6 });
  const rollups: RollupRow[] = [];
  const recorder = new LatencyRecorder({ onSpill: (rows) => rollups.push(...rows) });
  const mounts = benchMounts();
  const rest = {
    mounts,
    seconds: [],
    stalls: [],
    snapshots: [],
    gaps: [],
    audit: [],
    seqs: [],
    settings: [],
  };
  const span = blank();
  let [ms, rollupMs, rollupRows, cpuUs] = [0, 0, 0, 0];
  for (let id = 1; id <= total; ) {
    for (let i = 0; i < 10_000 && id <= total; i++, id++) {
      fill(span, id, beginUs + Math.floor((id / total) * WINDOW_S * 4e6) / 4);
      encoder.add(span, null, true);
      recorder.record(
        span.mountId,
        span.op,
        Math.floor(span.startUs / 1e6),
        span.durationNs ?? 0,
        span.errno ?? 0,
      );
    }
    const nowS = Math.floor(span.startUs / 1e6);
    const packed = encoder.take();
    const before = process.cpuUsage();
    ms += timed(() => writer.write([{ number: 1, ...packed, ...rest, rollups: [] }], nowS));
    const used = process.cpuUsage(before);
    cpuUs += used.user + used.system;
    rollups.push(...recorder.takeFinished(nowS));
    rollupRows += rollups.length;
    const small = { number: 1, ...encoder.take(), ...rest, rollups: rollups.splice(0) };
    rollupMs += timed(() => writer.write([small], nowS));
    encoder.recycle(packed.chunks.map((chunk) => chunk.rows));
  }
  releaseOwner(db);
  db.close();
  return { spans: total / (ms / 1e3), rollups: rollupRows / (rollupMs / 1e3), cpuNs: (cpuUs * 1e3) / total };
}

async function throughThread(file: string): Promise<number> {
  const store = await openStore({ file, ...LIMITS });
  const span = blank();
  const total = 1_000_000;
  const started = performance.now();
  const beginUs = Date.now() * 1_000;
  for (let id = 1; id <= total; ) {
    for (let i = 0; i < 2_000; i++, id++) store.insert(fill(span, id, beginUs + id), null);
    store.flush();
    while (store.gauges().queued > 100_000) await setImmediate();
  }
  while (store.gauges().queued > 0) {
    store.flush();
    await setImmediate();
  }
  const perSecond = total / ((performance.now() - started) / 1e3);
  await store.close();
  return perSecond;
}

async function questions(report: Report, file: string): Promise<void> {
  const opened = performance.now();
  const store = await openStore({ file, ...LIMITS });
  report.line('opening', formatDuration((performance.now() - opened) * 1e6).text);
  const now = Math.floor(Date.now() / 1_000);
  const range = { from: String((now - 5_000) * 1e6), to: String((now - 1_234) * 1e6) };
  const minute = { from: String((now - 3_060) * 1e6), to: String((now - 3_000) * 1e6) };
  const ask = async (name: string, work: () => Promise<unknown>, goal?: string) => {
    const times: number[] = [];
    for (let i = 0; i < 5; i++) {
      const started = performance.now();
      await work();
      times.push(performance.now() - started);
      if (times[0] !== undefined && times[0] > 2_000) break;
    }
    const median = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
    const worst = Math.max(...times);
    report.line(name, formatDuration(median * 1e6).text, {
      ratio: `worst ${formatDuration(worst * 1e6).text}`,
      ...(goal === undefined ? {} : { goal }),
    });
  };
  await ask('histograms of all, by operation', () => store.latency({}), '100 ms');
  await ask('histograms of an odd hour, by mount', () => store.latency({ ...range, by: 'mount' }), '100 ms');
  await ask(
    'histograms of op:read mount:/mnt/m3',
    () => store.latency({ filter: 'op:read mount:/mnt/m3' }),
    '100 ms',
  );
  await ask('heat map of the last ten minutes', () => store.heatmap({}), '100 ms');
  await ask('heat map of all', () => store.heatmap({ from: String((now - WINDOW_S) * 1e6) }));
  for (const by of ['comm', 'size', 'path'] as const)
    await ask(`histograms of one minute, by ${by}`, () => store.latency({ ...minute, by }));
  await ask('histograms of pid:1007 in one minute', () => store.latency({ ...minute, filter: 'pid:1007' }));
  await ask('newest 100', () => store.spans({}));
  await ask('newest 100 of errno:EIO dur:>1ms', () => store.spans({ filter: 'errno:EIO dur:>1ms' }));
  await ask('newest 100 of path:**/file-77.dat', () => store.spans({ filter: 'path:**/file-77.dat' }));
  await ask('newest 10,000', () => store.spans({ limit: 10_000 }));
  await ask('a filter that matches nothing, to the end', () => allPages(store, 'pid:1'));
  await ask('the same on paths', () => allPages(store, 'path:/nowhere/**'));
  await ask('slowest 100 of one minute', () => store.spans({ ...minute, order: 'duration:desc' }));
  await ask('slowest 100 of all', () => store.spans({ order: 'duration:desc' }));
  await store.close();
}

async function allPages(store: Store, filter: string): Promise<void> {
  let cursor: string | null = null;
  do {
    const page: { nextCursor: string | null } = await store.spans({
      filter,
      ...(cursor === null ? {} : { cursor }),
    });
    cursor = page.nextCursor;
  } while (cursor !== null);
}

function timed(work: () => void): number {
  const started = performance.now();
  work();
  return performance.now() - started;
}

function rate(perSecond: number): string {
  return `${formatCompact(Math.round(perSecond)).text}/s`;
}
