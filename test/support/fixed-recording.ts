// A recording whose every figure is the same each time it is made: ten minutes of five mounts, with a stall that is
// open and one that has ended, errors that spread, a gap. For pictures of the page, which must not differ by content.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { pino } from 'pino';
import { systemClock } from '../../server/clock.ts';
import { Recordings } from '../../server/recordings/manager.ts';
import { openStore } from '../../server/store/store.ts';
import type { Recording } from '../../shared/recording.ts';
import { blankSpan, type Span, setErrno } from '../../shared/span.ts';
import { readStall } from '../../shared/stall.ts';
import { fixedDiagnosis } from './fixed-diagnosis.ts';
import { startTestServer, type TestServer } from './server.ts';

/** Where time stands still in it: 2025-11-18, 14:32:48 UTC. */
export const FIXED_END_US = 1_763_476_368_000_000;
const LENGTH_S = 600;
const START_US = FIXED_END_US - LENGTH_S * 1e6;
/** The open stall is as old as that of the designs. */
const STALL_AGE_US = 41_340_000;
/** In which the operations of a mount were lost, µs from the start. */
const GAP = { from: 262e6, to: 268e6 };

const MOUNTS = [
  ['/media/pool', 'fuse.mergerfs', '/mnt/disk1:/mnt/disk2:/mnt/nas0'],
  ['/mnt/nas0', 'fuse.sshfs', 'media@nas.local:/volume1/media'],
  ['/mnt/b2', 'fuse.rclone', 'b2:archive-2024'],
  ['/srv/build', 'fuse.fusescope', '/home/ana/src'],
  ['/home/ana/vault', 'fuse.gocryptfs', '/home/ana/.vault'],
] as const;
const [POOL, NAS, B2, BUILD, VAULT] = [0, 1, 2, 3, 4];

/** What goes on all the time: who does what, how often a second and how long it takes. */
interface Habit {
  at: number;
  op: string;
  comm: string;
  pid: number;
  everyMs: number;
  medianUs: number;
  paths: readonly string[];
  size?: number;
  /** One in so many fails like this. */
  fails?: readonly [every: number, errno: number];
}

const ENOENT = 2;
const EIO = 5;
const ENODATA = 61;
const PHOTOS = [1, 2, 3, 4, 5, 6].map((n) => `/Photos/2024/06-Lofoten/IMG_42${n}1.CR3`);
const SOURCES = ['draw', 'ring', 'socket', 'stage'].flatMap((name) => [`/app/${name}.c`, `/app/${name}.h`]);

const HABITS: readonly Habit[] = [
  habit(POOL, 'read', 'plex', 2290, 700, 1_900, PHOTOS, { size: 131_072 }),
  habit(POOL, 'lookup', 'ls', 50731, 1_900, 44, ['/Photos/2025', '/Photos/2024']),
  habit(POOL, 'getxattr', 'plex', 2290, 2_500, 25, PHOTOS, { fails: [2, ENODATA] }),
  habit(NAS, 'read', 'mergerfs', 1894, 800, 4_200, PHOTOS, { size: 131_072 }),
  habit(NAS, 'getattr', 'mergerfs', 1894, 1_700, 900, PHOTOS),
  habit(B2, 'read', 'node', 40118, 1_300, 184_000, ['/2024/q3/vm-backup.vhdx'], { size: 1_048_576 }),
  habit(B2, 'getattr', 'node', 40118, 4_100, 40_000, ['/2024/q3', '/2024/q3/vm-backup.vhdx']),
  habit(BUILD, 'lookup', 'cc1', 51880, 300, 37, [...SOURCES, '/app/missing.h'], { fails: [9, ENOENT] }),
  habit(BUILD, 'open', 'cc1', 51880, 900, 59, SOURCES),
  habit(BUILD, 'read', 'cc1', 51880, 500, 110, SOURCES, { size: 16_384 }),
  habit(BUILD, 'write', 'as', 51902, 1_100, 169, ['/app/draw.o', '/app/ring.o'], { size: 65_536 }),
  habit(BUILD, 'rename', 'git', 51902, 7_300, 536, ['/.git/index.lock']),
  habit(BUILD, 'fsync', 'git', 51902, 9_700, 6_490, ['/.git/index.lock']),
  habit(VAULT, 'getattr', 'code', 3120, 1_500, 61, [
    '/notes/A name with spaces that goes on for quite a while.md',
  ]),
  habit(VAULT, 'readdir', 'code', 3120, 5_900, 365, ['/notes', '/']),
];

function habit(
  at: number,
  op: string,
  comm: string,
  pid: number,
  everyMs: number,
  medianUs: number,
  paths: readonly string[],
  more: Partial<Habit> = {},
): Habit {
  return { at, op, comm, pid, everyMs, medianUs, paths, ...more };
}

/** Numbers from 0 to 1 that look like chance and are the same each time (Lehmer). */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

function operations(): Span[] {
  const spans: Span[] = [];
  HABITS.forEach(({ at, op, comm, pid, everyMs, medianUs, paths, size, fails }, n) => {
    const next = chance(n + 11);
    let count = 0;
    const step = (ms: number) => (everyMs * (0.4 + 1.2 * next())) / busy(ms);
    for (let ms = everyMs * next(); ms < LENGTH_S * 1e3; ms += step(ms)) {
      // Three throws make a hill around the median, on a logarithmic axis.
      const us = medianUs * 10 ** (0.9 * (next() + next() + next() - 1.5));
      const fields = { pid, tid: pid, comm, path: paths[Math.floor(next() * paths.length)] ?? null };
      const span = done(at, op, ms * 1e3, us, { ...fields, ...(size ? { size, bytes: size } : {}) });
      if (fails && ++count % fails[0] === 0) setErrno(span, fails[1]);
      const answered = span.startUs + us < FIXED_END_US && !(isBehind(at) && ms > LENGTH_S * 1e3 - 42e3);
      const lost = at === BUILD && ms * 1e3 > GAP.from && ms * 1e3 < GAP.to;
      if (answered && !lost) spans.push(span);
    }
  });
  return [...spans, ...failures(), ...stalls()].sort((a, b) => a.startUs - b.startUs);
}

/** How much goes on at a time: it comes and goes. */
const busy = (ms: number) => 1 + 0.5 * Math.sin(ms / 31e3) + 0.3 * Math.sin(ms / 9e3);

/** From its stall on, the server of photographs answers nothing. */
const isBehind = (at: number) => at === NAS || at === POOL;

/** An archive that cannot be written any more: it begins in one place and spreads to whoever asks. */
function failures(): Span[] {
  const node = { pid: 40118, tid: 40118, comm: 'node', path: '/2024/q3/vm-backup.vhdx' };
  const borg = { pid: 40977, tid: 40977, comm: 'borg', path: '/borg/data/1/1204' };
  return Array.from({ length: 24 }, (_, i) => {
    const [op, who] = i < 8 ? (['write', node] as const) : (['flush', i % 2 === 0 ? node : borg] as const);
    const span = done(B2, op, 331e6 + i * 870_000, 412_000 + i * 9_000, { ...who });
    setErrno(span, EIO);
    return span;
  });
}

function stalls(): Span[] {
  const path = PHOTOS[0] as string;
  const ago = LENGTH_S * 1e6 - STALL_AGE_US;
  return [
    done(NAS, 'getattr', 201_000_000, 9_400_000, { pid: 1894, tid: 1911, comm: 'mergerfs', path: '/Photos' }),
    open(POOL, 'read', ago, { pid: 2290, tid: 2290, comm: 'plex', path, size: 131_072, offset: 4_194_304 }),
    open(NAS, 'read', ago + 18, {
      pid: 1894,
      tid: 1907,
      comm: 'mergerfs',
      path,
      size: 131_072,
      offset: 4_194_304,
    }),
    open(POOL, 'create', ago + 32_390_000, {
      ...{ pid: 48211, tid: 48211, comm: 'rsync', path: '/Photos/2024/06-Lofoten/.IMG_4307.CR3.x7Kd2Q' },
    }),
    open(POOL, 'lookup', ago + 36_100_000, { pid: 50731, tid: 50731, comm: 'ls', path: '/Photos/2025' }),
    open(B2, 'read', LENGTH_S * 1e6 - 641_000, {
      ...{ pid: 40118, tid: 40118, comm: 'node', path: '/2024/q3/vm-backup.vhdx', size: 1_048_576 },
    }),
  ];
}

function done(at: number, op: string, afterUs: number, us: number, fields: Partial<Span>): Span {
  const durationNs = Math.round(us * 1e3);
  const queueNs = Math.round(durationNs * 0.12);
  return { ...open(at, op, afterUs, fields), state: 'done', durationNs, queueNs, errno: 0 };
}

function open(at: number, op: string, afterUs: number, fields: Partial<Span>): Span {
  const span = blankSpan(0, at + 1, MOUNTS[at]?.[0] ?? '', 'kernel', op);
  return { ...span, startUs: START_US + Math.round(afterUs), uid: 1000, gid: 1000, fh: 23, ...fields };
}

/** A server that has it, as number 1, and nothing else. */
export async function startFixedServer(): Promise<TestServer> {
  const dir = mkdtempSync(join(tmpdir(), 'fusescope-fixed-'));
  await makeFixedRecording(dir);
  return startTestServer({ dir });
}

/** Makes it in the folder of a server that has not started yet. */
async function makeFixedRecording(dir: string): Promise<Recording> {
  const db = join(dir, 'trace.db');
  const store = await openStore({ file: ':memory:', maxBytes: 1e9, maxAgeS: 1e9 });
  const log = pino({ level: 'silent' });
  const clock = { ...systemClock, wallUs: () => FIXED_END_US };
  const recordings = new Recordings({ db, host: 'attic', clock, log, store, flush: () => {} });
  const writer = await recordings.create({
    name: 'Before the update',
    notes: 'nas.local went away',
    source: 'log',
  });
  for (const [mount, fsType, source] of MOUNTS) writer.mount({ mount, kind: 'kernel', fsType, source });
  await writer.write(operations());
  const gap = { fromUs: START_US + GAP.from, toUs: START_US + GAP.to };
  writer.gap({ mountId: BUILD + 1, cause: 'tracefs-overrun', count: 1_204, ...gap });
  const done = await writer.finish(FIXED_END_US);
  const { file } = await recordings.fileOf(done.id);
  await recordings.close();
  await store.close();
  diagnose(file);
  return done;
}

/** Nobody has looked at the processes of a log; here somebody has. */
function diagnose(file: string): void {
  const db = new Sqlite(file);
  const rows = db.prepare('SELECT id, stall FROM stalls').raw().all() as [number, string][];
  const stalls = rows.map(([, json]) => readStall(json));
  const first = stalls.find(({ span }) => span.op === 'read' && span.mountId === POOL + 1);
  const second = stalls.find(({ span }) => span.op === 'read' && span.mountId === NAS + 1);
  if (!first || !second) throw new Error('the fixed recording has not the stalls that it should');
  for (const stall of stalls) {
    const told =
      stall.state === 'open' ? fixedDiagnosis(first.id, first.span, second.span, FIXED_END_US) : {};
    const endedBy =
      stall.state === 'open' ? null : { kind: 'answered' as const, text: 'the daemon answered' };
    db.prepare('UPDATE stalls SET stall = ? WHERE id = ?').run(
      JSON.stringify({ ...stall, endedBy, ...told }),
      stall.id,
    );
  }
  db.close();
}
