// Waits and expectations on real mounts: a mirror, and as root bindfs through the kernel.
import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  type Capture,
  captureByLooking,
  connectFuseScope,
  FAULT_MODES,
  type FuseScope,
  startFuseScope,
  WaitTimeout,
} from '../../../server/testing/index.ts';
import { run } from '../../support/mirror.ts';
import { describeWith } from '../../support/requires.ts';
import { freeze, until } from '../../support/until.ts';

const dir = mkdtempSync(join(tmpdir(), 'fusescope-test-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function places(name: string): { source: string; mountpoint: string } {
  const source = join(dir, `${name}-source`);
  const mountpoint = join(dir, `${name}-mount`);
  mkdirSync(source);
  mkdirSync(mountpoint);
  return { source, mountpoint };
}

/** What is done on a mount is done by a shell: this process never touches one. */
async function sh(script: string, cwd: string): Promise<void> {
  const { status, stderr } = await run('sh', ['-ec', script], { cwd });
  expect(status, stderr).toBe(0);
}

const LONG = { timeoutMs: 20_000 };

function waits(start: () => { capture: Capture; source: string; mountpoint: string }): void {
  it('ends when a file is there, whether it came before the wait or comes after', async () => {
    const { capture, mountpoint } = start();
    await sh('echo 1 > early', mountpoint);
    await capture.waitForFileVisible('/early', { ...LONG, look: false });
    const wait = capture.waitForFileVisible(join(mountpoint, 'late'), { ...LONG, look: false });
    await sh('echo 1 > late', mountpoint);
    await wait;
    await capture.waitForVisible('/late', LONG);
  });

  it('ends when a directory is there, and takes a file for none', async () => {
    const { capture, mountpoint } = start();
    const wait = capture.waitForDirVisible('/dir', { ...LONG, look: false });
    await sh('mkdir dir', mountpoint);
    await wait;
    await expect(capture.waitForFileVisible('/dir', { timeoutMs: 300 })).rejects.toThrow(
      '/dir to be there as a file',
    );
  });

  it('ends when a path is gone, also when its directory was renamed', async () => {
    const { capture, mountpoint } = start();
    await sh('echo 1 > doomed; mkdir old; echo 1 > old/f', mountpoint);
    const wait = capture.waitForGone('/doomed', { ...LONG, look: false });
    await sh('rm doomed; mv old new', mountpoint);
    await wait;
    await capture.waitForGone('/old', LONG);
    await capture.waitForFileVisible('/new/f', LONG);
  });

  it('sees by looking what happens without an operation of the mount', async () => {
    const { capture, source } = start();
    const wait = capture.waitForFileVisible('/behind', LONG);
    writeFileSync(join(source, 'behind'), 'x');
    await wait;
  });

  it('gives the operation that a filter lets through', async () => {
    const { capture, mountpoint } = start();
    const wait = capture.waitForOperation('op:unlink path:/one errno:none', LONG);
    await sh('echo 1 > one; rm one', mountpoint);
    expect(await wait).toMatchObject({ op: 'unlink', path: '/one', errno: 0 });
    await expect(capture.waitForOperation('op:nonsense')).rejects.toThrow('is no filter');
  });

  it('ends when nothing is in flight', async () => {
    const { capture, mountpoint } = start();
    await sh('i=0; while [ $i -lt 50 ]; do echo $i > busy; i=$((i+1)); done', mountpoint);
    await capture.waitForIdle(100, LONG);
    expect(capture.recentOperations(1)).toHaveLength(1);
  });

  it('explains a time-out by what was done instead', async () => {
    const { capture, mountpoint } = start();
    await sh('echo 1 > other-name', mountpoint);
    await capture.settle();
    const error = await capture.waitForFileVisible('/never', { timeoutMs: 200 }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(WaitTimeout);
    expect((error as Error).message).toContain('waited 200 ms in vain for /never to be there as a file');
    expect((error as Error).message).toContain('/other-name');
  });

  it('knows every operation that was done before it is asked', async () => {
    const { capture, mountpoint } = start();
    await capture.restart();
    await sh('mkdir a; echo 1 > a/f; mv a/f a/g; rm a/g; rmdir a', mountpoint);
    await capture.expectOperations(['mkdir', 'create', 'write', 'rename', 'unlink', 'rmdir']);
    await capture.expectOperations({ mkdir: 1, rename: 1, unlink: 1, rmdir: 1, link: 0 });
    await expect(capture.expectOperations({ mkdir: 2 })).rejects.toThrow('mkdir 1 times instead of 2');
    await capture.expectLatency({ op: 'mkdir', maxMs: 60_000 });
    await expect(capture.expectLatency({ p50Ms: 0.000_001 })).rejects.toThrow(
      'expected operation to be faster',
    );
    await capture.expectNoStalls();
    const baseline = join(dir, `${Math.random()}.json`);
    await capture.expectBaseline(baseline);
    await sh('mkdir again', mountpoint);
    await expect(capture.expectBaseline(baseline)).rejects.toThrow('mkdir: 2 instead of 1');
  });
}

describeWith(['fuse'], 'a mirror that is captured', () => {
  let scope: FuseScope;
  let capture: Capture;
  const { source, mountpoint } = places('mirror');
  beforeAll(async () => {
    scope = await startFuseScope({ args: ['--attach', 'none', '--tap', 'proc'] });
    capture = await scope.mirror(source, mountpoint);
  });
  afterAll(async () => {
    await capture?.close();
    await scope?.stop();
  });

  waits(() => ({ capture, source, mountpoint }));

  it('tells when an extended attribute is set', async () => {
    await sh('echo 1 > tagged', mountpoint);
    const wait = capture.waitForXattrSet('/tagged', 'user.tag', { ...LONG, look: false });
    await run('setfattr', ['-n', 'user.tag', '-v', '1', join(mountpoint, 'tagged')]);
    await wait;
  });

  it('fails on purpose, and counts it', async () => {
    const { faults } = capture;
    const rule = {
      id: 'second',
      match: { op: ['open'], path: '/faulty', every: 2 },
      effect: { errno: 'EIO' },
    };
    expect(await faults.add(rule)).toMatchObject({ id: 'second', hits: 0 });
    await sh('echo 1 > faulty; cat faulty; ! cat faulty; cat faulty', mountpoint);
    await capture.waitForOperation('op:open path:/faulty errno:EIO', LONG);
    await until('its counters', async () => (await faults.get('second')).hits > 0);
    expect(await faults.switch('second', false)).toMatchObject({ enabled: false });
    await sh('cat faulty && cat faulty', mountpoint);
    await faults.remove('second');
    await faults.add({ ...FAULT_MODES.ReturnError('EDQUOT'), match: { path: '/faulty' } });
    await sh('! cat faulty', mountpoint);
    await faults.clear();
    expect(await faults.list()).toEqual([]);
    await sh('cat faulty', mountpoint);
  });

  it('is found by a second client', async () => {
    const other = await connectFuseScope(scope.server.url, null);
    await using second = await other.capture(mountpoint);
    const wait = second.waitForFileVisible('/second', { ...LONG, look: false });
    await sh('echo 1 > second', mountpoint);
    await wait;
  });

  it('says so when the server goes while it waits', async () => {
    const brief = await startFuseScope({ args: ['--attach', 'none', '--tap', 'proc'] });
    const gone = await brief.mirror(places('brief').source, join(dir, 'brief-mount'));
    const wait = gone.waitForOperation('op:unlink', { timeoutMs: 20_000 });
    const failure = expect(wait).rejects.toThrow('cannot wait for an operation');
    await brief.stop();
    await failure;
  });
});

describeWith(['root', 'fuse', 'bindfs'], 'a mount that is captured in the kernel', () => {
  let scope: FuseScope;
  let capture: Capture;
  const { source, mountpoint } = places('bindfs');
  beforeAll(async () => {
    scope = await startFuseScope({ args: ['--attach', mountpoint] });
    const captured = scope.capture(mountpoint, { timeoutMs: 30_000 });
    await promisify(execFile)('bindfs', [source, mountpoint]);
    capture = await captured;
  });
  afterAll(async () => {
    await capture?.close();
    await scope?.stop();
    await run('fusermount3', ['-u', mountpoint]);
  });

  waits(() => ({ capture, source, mountpoint }));

  it('throws for a stall, with the operation', async () => {
    const pid = await daemonOf(scope, mountpoint);
    await freeze(pid);
    const caller = spawn('stat', [join(mountpoint, 'stuck')], { stdio: 'ignore' });
    try {
      await until('the stall', () =>
        capture.expectNoStalls().then(
          () => false,
          (error: Error) => error.message.includes('/stuck'),
        ),
      );
    } finally {
      process.kill(pid, 'SIGCONT');
      await new Promise((resolve) =>
        caller.exitCode === null ? caller.once('close', resolve) : resolve(null),
      );
    }
  });
});

describe('without a trace', () => {
  const { source } = places('plain');
  afterEach(() => rmSync(join(source, 'f'), { force: true }));

  it('waits look carefully, and what needs a trace says so', async () => {
    const capture = captureByLooking(source);
    const wait = capture.waitForFileVisible('/f', LONG);
    writeFileSync(join(source, 'f'), '');
    await wait;
    const gone = capture.waitForGone('/f', LONG);
    rmSync(join(source, 'f'));
    await gone;
    await expect(capture.waitForOperation('op:read')).rejects.toThrow('FUSE_TRACE=1');
    await expect(capture.waitForFileVisible('/f', { timeoutMs: 100 })).rejects.toThrow('is not traced');
    await expect(capture.waitForMountReady({ timeoutMs: 100 })).rejects.toThrow('nothing is mounted');
  });
});

async function daemonOf(scope: FuseScope, mountpoint: string): Promise<number> {
  const response = await fetch(new URL('/api/mounts', scope.server.url));
  const { items } = (await response.json()) as { items: { mount: string; daemon: { pid: number } | null }[] };
  const pid = items.find(({ mount }) => mount === mountpoint)?.daemon?.pid;
  if (!pid) throw new Error(`no daemon of ${mountpoint} is known`);
  return pid;
}
