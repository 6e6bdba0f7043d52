// A tap in a pid namespace of its own, as in a container: numbers are those it finds in its /proc, or none.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { TapRecord } from '../../../fuse/kernel/tap.ts';
import { bindfs, type Daemon, provideTracefs, waitingOf } from '../../support/daemons.ts';
import { run, Workplace } from '../../support/mirror.ts';
import { until } from '../../support/until.ts';
import { describeTap, TapPlace } from './bpf.ts';

/** Processes that one has started. */
function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

const CHILD = new URL('tap-child.ts', import.meta.url).pathname;

/** What tap-child.ts prints. */
interface Said extends Partial<TapRecord> {
  ready?: number;
  open?: TapRecord[];
  excluded?: number;
  child?: number;
}

describeTap('a tap in a pid namespace of its own', () => {
  const place = new Workplace();
  let mounted: Daemon;
  let child: ChildProcess | null = null;
  let said: Said[] = [];

  beforeAll(async () => {
    provideTracefs();
    mounted = await bindfs(place, 'mnt');
    await run('stat', [mounted.mountpoint]);
  });
  afterEach(async () => {
    mounted.child.kill('SIGCONT');
    child?.stdin?.end();
    if (child) await ended(child);
  });
  afterAll(() => place.clean());

  async function start(tier: string): Promise<Said> {
    const words = ['--pid', '--fork', '--mount-proc', '--kill-child', process.execPath, CHILD, tier];
    said = [];
    const started = spawn('unshare', [...words, String(mounted.connection), mounted.mountpoint], {
      stdio: ['pipe', 'pipe', 'inherit'],
      cwd: '/',
    });
    child = started;
    createInterface({ input: started.stdout }).on('line', (line) => said.push(JSON.parse(line) as Said));
    return until('the tap to listen', () => said.find((one) => one.ready !== undefined));
  }
  const of = (name: string) => said.find((one) => one.kind === 'done' && one.name === name);

  test('numbers its own processes as /proc does, has no number for others, and leaves itself out', async () => {
    const { ready } = await start('bpf');
    expect(ready).toBeLessThan(100);
    await run('stat', [`${mounted.mountpoint}/outside`]);
    child?.stdin?.write('go\n');
    const own = await until('its own child to end', () => said.find((one) => one.child !== undefined));
    const inside = await until('the look of the child', () => of('child'));
    expect(inside).toMatchObject({ pid: own.child, tid: own.child, comm: 'stat', uid: 0, daemonTid: null });
    const outside = await until('the look from outside', () => of('outside'));
    expect(outside).toMatchObject({ pid: null, tid: null, comm: 'stat', uid: 0, errno: 2 });
    await until('its own look to be counted', () => said.some((one) => (one.excluded ?? 0) > 0));
    expect(of('own')).toBeUndefined();
  });

  test('through tracefs has names, but no numbers', async () => {
    await start('tracefs');
    await run('stat', [`${mounted.mountpoint}/outside`]);
    const record = await until('the record', () => said.find((one) => one.kind === 'done'));
    expect(record).toMatchObject({ pid: null, tid: null, daemonTid: null });
  });
});

describeTap('a mount of a daemon in a pid namespace of its own', () => {
  let place: TapPlace;
  beforeEach(() => {
    place = new TapPlace();
  });
  afterEach(() => place.clean());

  test('has callers as everywhere, but not those of requests that were there before', async () => {
    const mounted = await place.mount('mnt', ['unshare', '--pid', '--fork', '--kill-child']);
    const [daemon = 0] = childrenOf(mounted.pid);
    process.kill(daemon, 'SIGSTOP');
    const before = spawn('stat', [`${mounted.mountpoint}/before`], { stdio: 'ignore', cwd: '/' });
    try {
      await until('the request', () => waitingOf(mounted.connection) > 0);
      const heard = await place.tap([mounted]);
      // The kernel numbers their callers as the daemon's namespace does, and there they have no number.
      expect(await heard.tap.inflight()).toMatchObject([
        { picked: false, record: { pid: null, tid: null, comm: null, args: { startedBefore: true } } },
      ]);
      // No look-up: those of one directory wait for each other before they are requests.
      const after = spawn('stat', ['-f', mounted.mountpoint], { stdio: 'ignore', cwd: '/' });
      await until('the caller', () => heard.records.some((one) => one.pid === after.pid));
      process.kill(daemon, 'SIGCONT');
      const done = await until('the answer', () => heard.of('statfs').find((one) => one.pid === after.pid));
      expect(done).toMatchObject({ comm: 'stat', errno: 0 });
      expect(done.daemonTid).toBeGreaterThan(0);
    } finally {
      process.kill(daemon, 'SIGCONT');
      await ended(before);
    }
  });
});
