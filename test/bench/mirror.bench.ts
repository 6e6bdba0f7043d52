// What a mirror costs: the same work on a plain bindfs, on a mirror that does not trace, on one that does, and on
// LoggedFS. All are mounted at once and take turns, so that a busy machine is busy for each of them. The client and
// each file system share one processor and the server has another: what tracing costs the mirror counts in full, and
// where the scheduler happens to wake a thread does not.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { FakeServer } from '../support/ingest.ts';
import { mountsBelow, run, Workplace } from '../support/mirror.ts';
import { until } from '../support/until.ts';
import type { Report } from './report.ts';
import { median, rounds } from './rounds.ts';

const REFERENCE = 'mirror, not tracing';
const ROUNDS = 7;
const SECONDS = '0.7';
const WORK = {
  missing: 'stat of a missing name',
  readSmall: 'open, read 4 KiB, close',
  createSmall: 'create or truncate, write, close',
  writeBlock: 'write 128 KiB',
} as const;
type Rates = Record<keyof typeof WORK, number>;

export async function bench(report: Report): Promise<void> {
  const place = new Workplace();
  const socket = join(place.dir, 'ingest.sock');
  const server = await FakeServer.start(socket);
  await run('taskset', ['-a', '-c', '-p', '1', String(server.child.pid)]);
  try {
    const dirs: Record<string, string> = {
      [REFERENCE]: await pinned(place, 1, ['--no-trace']),
      'mirror, tracing': await pinned(place, 2, ['--socket', socket]),
    };
    await addOther(dirs, 'bindfs', place, (dir) => ['bindfs', ['-f', place.make('s3'), dir]]);
    await addOther(dirs, 'LoggedFS', place, (dir) => ['loggedfs', ['-f', '-l', join(place.dir, 'log'), dir]]);
    const rates = await rounds<keyof Rates>(dirs, ROUNDS, SECONDS);
    for (const [work, title] of Object.entries(WORK)) tell(report, title, work as keyof Rates, rates);
  } finally {
    await place.clean();
    await server.kill();
  }
}

async function pinned(place: Workplace, number: number, args: readonly string[]): Promise<string> {
  const places = [place.make(`s${number}`), place.make(`m${number}`)];
  return (await place.start([...places, ...args], ['taskset', '-c', '0'])).mountpoint;
}

function tell(report: Report, title: string, work: keyof Rates, rates: Record<string, Rates[]>): void {
  report.section(`${title}, one client, calls a second (median of ${ROUNDS} rounds)`);
  const reference = rates[REFERENCE]?.map((rate) => rate[work]) ?? [];
  for (const [name, all] of Object.entries(rates)) {
    const figures = all.map((rate) => rate[work]);
    const ratio = median(figures.map((figure, round) => figure / (reference[round] ?? Number.NaN)));
    report.line(name, Math.round(median(figures)).toLocaleString('en'), {
      ratio: name === REFERENCE ? undefined : `${ratio.toFixed(2)} of the mirror that does not trace`,
      goal: name === 'mirror, tracing' ? '0.9, and more than LoggedFS' : undefined,
    });
  }
}

/** Mounts another program's file system where it is installed. `clean` of the workplace unmounts it. */
async function addOther(
  dirs: Record<string, string>,
  name: string,
  place: Workplace,
  command: (dir: string) => [string, string[]],
): Promise<void> {
  const dir = place.make(name.toLowerCase());
  const [program, args] = command(dir);
  if ((await run('which', [program])).status !== 0) return;
  spawn('taskset', ['-c', '0', program, ...args], { stdio: 'ignore' });
  await until(`${name} to mount`, () => mountsBelow(place.dir).includes(dir));
  dirs[name] = dir;
}
