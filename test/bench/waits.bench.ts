// A test suite of thirty steps on a mount of which each operation takes 5 to 20 ms: with the sleeps that such suites have,
// and with waits for the trace; on a quiet machine, and with eight programs that want all of its processors. A step
// fails (a flake) where what it was to wait for is not there afterwards. FUSESCOPE_BENCH_RUNS: runs with waits under
// load, a tenth of it with sleeps. Beside them the same steps where the other program itself says that it is done: what
// no wait can be faster than.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mountAt } from '../../fuse/mountinfo.ts';
import type { Capture } from '../../server/testing/capture.ts';
import { startProcess } from '../../server/testing/process.ts';
import { connectFuseScope } from '../../server/testing/scope.ts';
import { mirrorCommand, run, Workplace } from '../support/mirror.ts';
import { until } from '../support/until.ts';
import type { Report } from './report.ts';

const RUNS = Number(process.env.FUSESCOPE_BENCH_RUNS ?? 50);
const SLEEPING_RUNS = Math.max(1, Math.round(RUNS / 10));
const QUIET_RUNS = 3;
const BUSY = 8;
const DELAY = { kind: 'uniform', minMs: 5, maxMs: 20 };

type Kind = 'mount' | 'dir' | 'file' | 'xattr';
/** What mergerfs's tests slept for each, before they went by a trace. */
const SLEEP_MS: Record<Kind, number> = { mount: 1_000, dir: 500, file: 500, xattr: 100 };
const STEPS: Kind[] = [
  'mount',
  ...Array.from({ length: 29 }, (_, i) => (['file', 'xattr', 'dir'] as const)[i % 3] ?? 'file'),
];

/** Longer than any step takes, so that only what never comes fails. */
const WAIT = { timeoutMs: 30_000 };

/** Another program, which does what it is told on the mount, in its own time. */
const ACTOR = `
$| = 1;
while (<STDIN>) {
  chomp;
  my ($kind, $path) = split / /, $_, 2;
  if ($kind eq 'dir') { mkdir $path }
  elsif ($kind eq 'file') { open my $f, '>', $path; print $f 'x' x 5000; close $f }
  else { system 'setfattr', '-n', 'user.step', '-v', 'x', $path }
  print "done\\n";
}`;

/** What a suite goes by before it looks. */
type By = 'sleeps' | 'waits' | 'the program';

interface Outcome {
  seconds: number;
  flakes: number;
}

interface Bench {
  place: Workplace;
  url: string;
  /** Arguments of each mirror. */
  args: readonly string[];
}

export async function bench(report: Report): Promise<void> {
  const place = new Workplace();
  const server = await startProcess(['--attach', 'none', '--tap', 'proc'], 20_000);
  const faults = join(place.dir, 'faults.json');
  writeFileSync(faults, JSON.stringify({ rules: [{ effect: { delay: DELAY } }] }));
  const common = { place, url: server.url, args: ['--socket', server.socket, '--faults', faults] };
  const busy: ChildProcess[] = [];
  try {
    report.section(`a suite of ${STEPS.length} steps on a mount whose operations take 5 to 20 ms (median)`);
    const sleeping = [await suite(common, 'sleeps')];
    tell(report, 'quiet, with sleeps', sleeping);
    tell(report, 'quiet, with waits', await repeat(QUIET_RUNS, () => suite(common, 'waits')), sleeping);
    const told = await repeat(QUIET_RUNS, () => suite(common, 'the program'));
    tell(report, 'quiet, told by the program itself', told, sleeping);
    for (let i = 0; i < BUSY; i++) busy.push(spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' }));
    const loaded = await repeat(SLEEPING_RUNS, () => suite(common, 'sleeps'));
    tell(report, `under load, with sleeps, ${SLEEPING_RUNS} runs`, loaded);
    tell(
      report,
      `under load, with waits, ${RUNS} runs`,
      await repeat(RUNS, () => suite(common, 'waits')),
      loaded,
    );
  } finally {
    for (const child of busy) child.kill('SIGKILL');
    await place.clean();
    await server.stop();
  }
}

let runs = 0;

/** One run on a mount of its own. */
async function suite({ place, url, args }: Bench, by: By): Promise<Outcome> {
  const name = `run-${++runs}`;
  const [source, mountpoint] = [place.make(`${name}-source`), place.make(name)];
  const actor = spawn('perl', ['-e', ACTOR], { stdio: ['pipe', 'pipe', 'inherit'], cwd: '/' });
  const begun = performance.now();
  let mirror: ChildProcess | null = null;
  let capture: Capture | null = null;
  let flakes = 0;
  let file = '';
  try {
    for (const [i, kind] of STEPS.entries()) {
      const path = kind === 'xattr' ? file : join(mountpoint, `${kind}-${i}`);
      if (kind === 'file') file = path;
      if (kind === 'mount') mirror = startMirror([source, mountpoint, ...args]);
      else actor.stdin.write(`${kind} ${path}\n`);
      if (by === 'sleeps') await new Promise((resolve) => setTimeout(resolve, SLEEP_MS[kind]));
      else if (by === 'the program')
        await (kind === 'mount'
          ? until('the mount', () => mountAt(mountpoint), 30_000)
          : once(actor.stdout, 'data'));
      else if (kind === 'mount') capture = await (await connectFuseScope(url)).capture(mountpoint, WAIT);
      else if (kind === 'dir') await capture?.waitForDirVisible(path, WAIT);
      else if (kind === 'file') await capture?.waitForFileVisible(path, WAIT);
      else await capture?.waitForXattrSet(path, 'user.step', WAIT);
      if (await isThere(kind, kind === 'mount' ? mountpoint : path)) continue;
      flakes++;
      // The steps after it are judged by themselves.
      await until(`${kind} ${path}`, () => isThere(kind, kind === 'mount' ? mountpoint : path), 30_000);
    }
    return { seconds: (performance.now() - begun) / 1_000, flakes };
  } finally {
    await capture?.close();
    actor.kill('SIGKILL');
    mirror?.kill('SIGTERM');
    await until('the unmount', () => mountAt(mountpoint) === null, 30_000);
  }
}

function startMirror(args: readonly string[]): ChildProcess {
  const [program, words] = mirrorCommand(args);
  return spawn(program, words, { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** What a test asserts after it has waited. */
async function isThere(kind: Kind, path: string): Promise<boolean> {
  if (kind === 'mount') return mountAt(path) !== null;
  if (kind === 'xattr') return (await run('getfattr', ['-n', 'user.step', path])).status === 0;
  const { status, stdout } = await run('stat', ['-c', '%F', path]);
  return status === 0 && stdout.includes(kind === 'dir' ? 'directory' : 'file');
}

async function repeat<T>(count: number, work: () => Promise<T>): Promise<T[]> {
  const done: T[] = [];
  while (done.length < count) done.push(await work());
  return done;
}

function tell(report: Report, name: string, outcomes: readonly Outcome[], beside?: readonly Outcome[]): void {
  const flakes = outcomes.reduce((sum, one) => sum + one.flakes, 0);
  const steps = outcomes.length * STEPS.length;
  const times = beside ? `${(seconds(beside) / seconds(outcomes)).toFixed(1)} times as fast, ` : '';
  report.line(name, `${seconds(outcomes).toFixed(2)} s`, {
    ratio: `${times}${flakes} of ${steps} steps failed`,
    goal: beside ? '5 times as fast, none failed' : undefined,
  });
}

function seconds(outcomes: readonly Outcome[]): number {
  const sorted = outcomes.map((one) => one.seconds).toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
