// Importing logs: lines a second of each reader alone; then from the command to the finished recording a small file and
// a large one (FUSESCOPE_BENCH_BYTES, 1 GB) side by side, with the memory that the server and the reading process took
// at most. Neither speed nor memory may depend on the size.
import { spawn } from 'node:child_process';
import { createWriteStream, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';
import type { ImportAnswer } from '../../shared/import.ts';
import { formatBytes, formatCompact } from '../../shared/units.ts';
import { startTestServer } from '../support/server.ts';
import type { Report } from './report.ts';

const BYTES = Number(process.env.FUSESCOPE_BENCH_BYTES ?? 1e9);
const ALONE_BYTES = 60e6;
const READER = join(import.meta.dirname, '../../fuse/logs/main.ts');
const MAIN = join(import.meta.dirname, '../../server/cli/main.ts');
const GOAL = '200 k';
const MEMORY_GOAL = '400 MiB';
const LOOK_MS = 100;

const two = (n: number) => String(n).padStart(2, '0');

/** `HH:MM:SS.ffffff` of a day, from µs since its start. */
function clock(us: number): string {
  const s = Math.floor(us / 1e6);
  return `${two(Math.floor(s / 3_600) % 24)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}.${String(us % 1e6).padStart(6, '0')}`;
}

/** Lines of the i-th operation, by format. */
const LOGS: Readonly<Record<string, (i: number) => string>> = {
  fusestream: (i) =>
    `2026/01/31 ${clock(i * 20)} [FUSE] Read ENTER fh=${i % 100} off=${i * 4096} len=131072\n` +
    `2026/01/31 ${clock(i * 20 + 7)} [FUSE] Read EXIT  dur=7µs n=4096\n`,
  paths: (i) =>
    `2026/01/31 ${clock(i * 20)} [FUSE] Open ENTER path=/data/${(i * 7_919) % 10_007}/object-${i}.bin\n` +
    `2026/01/31 ${clock(i * 20 + 7)} [FUSE] Open EXIT  dur=7µs\n`,
  libfuse: (i) =>
    `unique: ${i * 2}, opcode: READ (15), nodeid: ${i % 1_000}, insize: 80, pid: ${i % 5_000}\n` +
    `read[${i % 100}] 4096 bytes from ${i * 4096} flags: 0x8000\n   read[${i % 100}] 4096 bytes from ${i * 4096}\n` +
    `   unique: ${i * 2}, success, outsize: 4112\n`,
  juicefs: (i) =>
    `2026.01.31 ${clock(i * 20)} [uid:0,gid:0,pid:${i % 5_000}] write (${i % 1_000},4096,${i * 4096}): OK <0.000010>\n`,
  strace: (i) =>
    `[pid ${i % 5_000}] ${1_769_860_000 + Math.floor(i / 1e4)}.${String((i * 100) % 1e6).padStart(6, '0')} read(3</mnt/f/dir/file-${i % 1_000}>, "\\0\\0\\0"..., 131072) = 131072 <0.000213>\n`,
  application: (i) =>
    i % 10 === 0
      ? `2026-01-31T${clock(i * 20)}Z ERROR cache: cannot open error="open /cache/${i.toString(16)}: no such file or directory"\n`
      : `2026-01-31T${clock(i * 20)}Z INFO cache: hit ${i}\n`,
};

/** Formats that the reader is measured with alone. */
const ALONE = ['fusestream', 'libfuse', 'juicefs', 'strace', 'application'];

/** From the command to the recording; sizes are shares of BYTES. */
const WHOLE = [
  { title: 'A small log and a large one', format: 'fusestream', shares: [0.3, 1] },
  { title: 'Logs in which every path is another one', format: 'paths', shares: [0.1, 0.3] },
];

export async function bench(report: Report): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'fusescope-bench-'));
  try {
    report.section('Reading logs, lines a second, the reading process alone');
    for (const format of ALONE) {
      const file = join(dir, `${format}.log`);
      const lines = await generate(file, format, ALONE_BYTES);
      const { seconds, peakBytes } = await readAlone(file, format);
      report.line(format, formatCompact(lines / seconds).text, {
        ratio: `${formatBytes(peakBytes).text} at most`,
        goal: GOAL,
      });
      rmSync(file);
    }
    for (const { title, format, shares } of WHOLE) {
      report.section(`${title}, from the command to the recording`);
      const [small, large] = shares.map((share) => share * BYTES);
      compare(report, await whole(dir, format, small ?? 0), await whole(dir, format, large ?? 0));
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function generate(file: string, format: string, bytes: number): Promise<number> {
  const out = createWriteStream(file);
  const line = LOGS[format] ?? (() => '');
  let [lines, written] = [0, 0];
  for (let i = 0; written < bytes; ) {
    let chunk = '';
    for (const end = i + 2_000; i < end; i++) chunk += line(i);
    written += chunk.length;
    lines += chunk.split('\n').length - 1;
    if (!out.write(chunk)) await new Promise((resolve) => out.once('drain', resolve));
  }
  out.end();
  await finished(out);
  return lines;
}

async function readAlone(file: string, format: string) {
  const started = performance.now();
  const child = spawn(process.execPath, [READER, '--format', format], {
    stdio: [openSync(file, 'r'), openSync('/dev/null', 'w'), 'inherit'],
  });
  const peak = watch(child.pid ?? 0);
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`reading ${format} ended with ${code}`);
  return { seconds: (performance.now() - started) / 1_000, peakBytes: peak() };
}

interface Whole {
  bytes: number;
  linesASecond: number;
  spans: number;
  idleBytes: number;
  serverBytes: number;
  readerBytes: number;
}

async function whole(dir: string, format: string, bytes: number): Promise<Whole> {
  const file = join(dir, 'large.log');
  await generate(file, format, bytes);
  await using server = await startTestServer();
  const pid = server.child.pid ?? 0;
  const idleBytes = residentBytes(pid);
  const peak = watch(pid);
  const reader = watchChildren(pid);
  const started = performance.now();
  const child = spawn(process.execPath, [MAIN, 'import', file, '--json', '--server', server.url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const answer = JSON.parse(await text(child.stdout)) as ImportAnswer;
  const seconds = (performance.now() - started) / 1_000;
  rmSync(file);
  return {
    bytes,
    linesASecond: answer.lines / seconds,
    spans: answer.spans,
    idleBytes,
    serverBytes: peak(),
    readerBytes: reader(),
  };
}

function compare(report: Report, small: Whole, large: Whole): void {
  const sizes = [small, large].map(({ bytes }) => formatBytes(bytes).text);
  const lines = (name: string, figure: (of: Whole) => number, show: (n: number) => string, goal?: string) => {
    const ratio = `${(figure(large) / figure(small)).toFixed(2)} of the small one`;
    report.line(`${name}, ${sizes[0]}`, show(figure(small)), { ...(goal && { goal }) });
    report.line(`${name}, ${sizes[1]}`, show(figure(large)), { ratio, ...(goal && { goal }) });
  };
  const count = (n: number) => formatCompact(n).text;
  const size = (n: number) => formatBytes(n).text;
  lines('lines a second', (of) => of.linesASecond, count, GOAL);
  lines('memory of the server at most', (of) => of.serverBytes, size, MEMORY_GOAL);
  lines('memory of the reading process at most', (of) => of.readerBytes, size);
  report.line('operations in the large one', count(large.spans));
  report.line('memory of the server before', size(large.idleBytes));
}

/** Highest resident memory of a process while it is watched; call the result to end that. */
function watch(pid: number): () => number {
  let most = 0;
  const look = () => {
    most = Math.max(most, residentBytes(pid));
  };
  const timer = setInterval(look, LOOK_MS);
  return () => {
    clearInterval(timer);
    return most;
  };
}

function watchChildren(pid: number): () => number {
  let most = 0;
  const timer = setInterval(() => {
    // Its launcher starts them.
    for (const child of childrenOf(pid).flatMap(childrenOf)) {
      if (commandOf(child).includes('logs/main')) most = Math.max(most, residentBytes(child));
    }
  }, LOOK_MS);
  return () => {
    clearInterval(timer);
    return most;
  };
}

function childrenOf(pid: number): number[] {
  const list = read(`/proc/${pid}/task/${pid}/children`).trim();
  return list === '' ? [] : list.split(' ').map(Number);
}

function commandOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`);
}

function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) * 1_024;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // It has ended.
    return '';
  }
}
