import { spawn } from 'node:child_process';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FrameSplitter } from '../../../fuse/kernel/frames.ts';
import { CAUSES, FRAME, KIND, LOSS, RECORD } from '../../../fuse/kernel/layout.ts';
import { DEFAULT_FILES } from '../../../fuse/kernel/loader-process.ts';
import type { Daemon } from '../../support/daemons.ts';
import { run } from '../../support/mirror.ts';
import { until } from '../../support/until.ts';
import { describeTap, type Heard, statMissing, stop, TapPlace } from './bpf.ts';

const STALL_MS = 5000;
/** The ring holds about 25,000. */
const FULL = 30_000;

/** Stats missing names until the time is over, by two processes, each at least so many. */
async function load(mountpoint: string, forMs: number, least: number): Promise<void> {
  const script = `my ($d, $s, $least) = @ARGV; my $end = time + $s; my $n = 0;
    while (time < $end || $n < $least) { stat "$d/x" for 1 .. 100; $n += 100 }`;
  const words = [mountpoint, String(forMs / 1000), String(least)];
  const one = () => run('perl', ['-MTime::HiRes=time', '-e', script, ...words]);
  await Promise.all([one(), one()]);
}

/** A loader whose output the test reads when it likes, counting records and losses. */
function rawLoader(connection: number) {
  const child = spawn(DEFAULT_FILES.loader, [DEFAULT_FILES.object], {
    stdio: ['pipe', 'pipe', 'inherit'],
    cwd: '/',
  });
  const counts = { ready: false, listed: 0, done: 0, lost: new Map<string, number>() };
  const splitter = new FrameSplitter((type, { view }, at) => {
    if (type === FRAME.READY) counts.ready = true;
    if (type === FRAME.LISTED) counts.listed = view.getUint32(at, true);
    if (type === FRAME.RECORD && view.getUint8(at + RECORD.kind) === KIND.DONE) counts.done++;
    if (type === FRAME.LOSS) {
      const cause = CAUSES[view.getUint32(at + LOSS.counter, true)] ?? '?';
      const count = Number(view.getBigUint64(at + LOSS.count, true));
      counts.lost.set(cause, (counts.lost.get(cause) ?? 0) + count);
    }
  });
  child.stdout.on('data', (chunk: Buffer) => splitter.push(chunk));
  child.stdin.write(`watch ${connection}\nlist 1\n`);
  return { child, counts };
}

describeTap('losses of the BPF tap', () => {
  let place: TapPlace;
  let mounted: Daemon;
  let whole: Heard;

  beforeEach(async () => {
    place = new TapPlace();
    mounted = await place.mount();
    // Two taps at once: this one is read all the time and knows what there was.
    whole = await place.tap([mounted]);
  });
  afterEach(() => place.clean());

  /** Records that a loader gave and lost, when all is read, beside those that there were. */
  async function compare({ child, counts }: ReturnType<typeof rawLoader>) {
    await statMissing(mounted.mountpoint, 1, 'last');
    await whole.heard('last-1');
    child.stdin.write('list 2\n');
    await until('the loader to be read', () => counts.listed === 2);
    child.stdin.end('quit\n');
    await new Promise((resolve) => child.on('close', resolve));
    const lost = counts.lost.get('tap-ring-full') ?? 0;
    expect(whole.losses).toEqual([]);
    expect([...counts.lost.keys()]).toEqual(lost > 0 ? ['tap-ring-full'] : []);
    expect(counts.done + lost).toBe(whole.records.filter((one) => one.kind === 'done').length);
    return { lost };
  }

  test('are counted exactly when nobody reads its output for 5 s under load', async () => {
    const raw = rawLoader(mounted.connection);
    await until('the loader to listen', () => raw.counts.listed === 1);
    raw.child.stdout.pause();
    await load(mounted.mountpoint, STALL_MS, FULL);
    raw.child.stdout.resume();
    await compare(raw);
  });

  test('are counted exactly when it is stopped for 5 s under load', async () => {
    const raw = rawLoader(mounted.connection);
    await until('the loader to listen', () => raw.counts.listed === 1);
    raw.child.kill('SIGSTOP');
    try {
      await load(mounted.mountpoint, STALL_MS, FULL);
    } finally {
      raw.child.kill('SIGCONT');
    }
    const { lost } = await compare(raw);
    expect(lost).toBeGreaterThan(0);
  });

  test('there are none at full rate, and detaching under load disturbs nobody', async () => {
    const loaded = load(mounted.mountpoint, 2000, 10_000);
    const second = await place.tap([mounted]);
    await until('some thousands', () => second.of('lookup').length > 5000);
    second.tap.watch(new Set());
    await second.tap.inflight();
    const heard = second.records.length;
    await second.tap.close();
    await loaded;
    expect(second.records.length).toBe(heard);
    expect([...second.losses, ...whole.losses]).toEqual([]);
    expect(whole.records.every((one) => one.kind !== 'lost')).toBe(true);
  });

  test('an operation told as open whose end is among them is told as lost', async () => {
    const other = await place.mount('other');
    const heard = await place.tap([mounted, other]);
    await stop(mounted);
    const child = spawn('stat', [`${mounted.mountpoint}/stuck`], { stdio: 'ignore' });
    const open = await until('the open operation', () => heard.records.find((one) => one.kind === 'open'));
    const loader = heard.tap.pid as number;
    process.kill(loader, 'SIGSTOP');
    try {
      await statMissing(other.mountpoint, 60_000);
      mounted.child.kill('SIGCONT');
      await until('the caller to end', () => child.exitCode !== null);
    } finally {
      process.kill(loader, 'SIGCONT');
    }
    await until('the news', () =>
      heard.records.find((one) => one.kind === 'lost' && one.unique === open.unique),
    );
    expect(heard.lost('tap-ring-full')).toBeGreaterThan(0);
  });
});
