// Tier 2: what the kernel's trace buffers say of requests on real mounts.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { readStat } from '../../../fuse/kernel/discovery/proc.ts';
import type { Tap, TapLoss, TapRecord } from '../../../fuse/kernel/tap.ts';
import { startTracefsTap } from '../../../fuse/kernel/tracefs/tap.ts';
import { opName } from '../../../shared/ops.ts';
import { bindfs, type Daemon, provideFusectl, provideTracefs } from '../../support/daemons.ts';
import { run, Workplace } from '../../support/mirror.ts';
import { describeWith } from '../../support/requires.ts';
import { until } from '../../support/until.ts';

describeWith(['root', 'fuse', 'bindfs'], 'the tracefs tap', () => {
  const place = new Workplace();
  const records: TapRecord[] = [];
  const losses: TapLoss[] = [];
  let ended = '';
  let tap: Tap | null = null;
  let mount: Daemon;
  const start = async (bufferKb: number | null = null) => {
    tap = await startTracefsTap(
      { bufferKb },
      {
        record: (record) => void records.push({ ...record }),
        name: () => undefined,
        loss: (loss) => void losses.push(loss),
        ended: (reason) => {
          ended = reason;
        },
      },
    );
    return tap;
  };
  const instances = () =>
    readdirSync('/sys/kernel/tracing/instances').filter((name) => name.includes(`-${process.pid}-`));
  const done = (op: string, errno = 0) =>
    records.filter((one) => one.kind === 'done' && opName(one.opcode) === op && one.errno === errno);

  beforeAll(async () => {
    provideTracefs();
    provideFusectl();
    mount = await bindfs(place, 'mount');
    writeFileSync(join(mount.source, 'file'), 'x'.repeat(10_000));
  });
  afterEach(async () => {
    await tap?.close();
    expect(instances()).toEqual([]);
    expect(ended).toBe('');
    tap = null;
    records.length = 0;
    losses.length = 0;
  });
  afterAll(() => place.clean());

  it('tells operation, result, caller and times of each request, and nothing of unwatched mounts', async () => {
    const other = await bindfs(place, 'other');
    (await start()).watch(new Set([mount.connection]));
    const beforeNs = Number(process.hrtime.bigint());
    const cat = spawn('cat', [join(mount.mountpoint, 'file'), join(mount.mountpoint, 'missing')], {
      stdio: 'ignore',
      cwd: '/',
      uid: 0,
    });
    await once(cat, 'exit');
    execFileSync('ls', [other.mountpoint]);
    await until('the reads', () => done('release').length > 0 && done('lookup', 2).length > 0);
    const [read] = done('read');
    expect(read).toMatchObject({
      pid: cat.pid,
      tid: cat.pid,
      comm: 'cat',
      bytes: 10_000,
      connection: mount.connection,
    });
    expect(read?.startNs).toBeGreaterThan(beforeNs);
    expect(read?.durationNs).toBeGreaterThan(0);
    expect(read?.startNs).toBeLessThan(Number(process.hrtime.bigint()));
    expect(readStat(read?.daemonTid ?? 0)?.comm ?? 'bindfs').toBe('bindfs');
    expect(done('open')).toHaveLength(1);
    expect(done('lookup', 2)).toHaveLength(1);
    expect(new Set(records.map((one) => one.connection))).toEqual(new Set([mount.connection]));
    expect(losses).toEqual([]);
    await other.unmount();
  });

  it('counts exactly what was done', async () => {
    (await start()).watch(new Set([mount.connection]));
    const N = 500;
    const made = await run('sh', ['-c', `i=0; while [ $i -lt ${N} ]; do : > n$i; rm n$i; i=$((i+1)); done`], {
      cwd: mount.mountpoint,
    });
    expect(made.status).toBe(0);
    await until('all of it', () => done('unlink').length === N && done('create').length === N, 10_000);
    expect(losses).toEqual([]);
    expect(records.filter((one) => one.kind === 'lost')).toEqual([]);
    // Each request once, and none of them without its thread.
    expect(new Set(records.filter((one) => one.kind === 'done').map((one) => one.unique)).size).toBe(
      records.filter((one) => one.kind === 'done').length,
    );
    expect(records.every((one) => (one.tid ?? 0) > 0)).toBe(true);
  });

  it('tells of a request that stays open, and of its end', async () => {
    const running = await start();
    running.watch(new Set([mount.connection]));
    mount.child.kill('SIGSTOP');
    const ls = spawn('ls', [mount.mountpoint], { stdio: 'ignore', cwd: '/' });
    try {
      const open = await until('an open request', () => records.find((one) => one.kind === 'open'));
      expect(open).toMatchObject({ pid: ls.pid, comm: 'ls', durationNs: null, errno: null });
      expect(await running.inflight()).toMatchObject([{ record: { unique: open.unique }, picked: null }]);
    } finally {
      mount.child.kill('SIGCONT');
    }
    await once(ls, 'exit');
    const [first] = records;
    await until('its end', () => records.find((one) => one.kind === 'done' && one.unique === first?.unique));
    expect(await running.inflight()).toEqual([]);
  });

  it('counts what was overwritten, and takes nothing for open whose end was in it', async () => {
    (await start(8)).watch(new Set([mount.connection]));
    // Half of it while this process does not read, half while it does.
    const stats = (from: number, count: number) =>
      `i=${from}; while [ $i -lt ${from + count} ]; do [ -e ${mount.mountpoint}/no$i ]; i=$((i+1)); done`;
    await run('sh', ['-c', stats(0, 11_000)]);
    execFileSync('sh', ['-c', `${stats(11_000, 11_000)}; true`]);
    await until('the count', () => losses.length > 0, 3000);
    await until('everything to be settled', async () => (await tap?.inflight())?.length === 0, 3000);
    const lost = losses.reduce((sum, loss) => sum + loss.count, 0);
    const seen = records.filter((one) => one.kind === 'done').length;
    expect(losses[0]?.cause).toBe('tracefs-overrun');
    // Of each request that is missing one or both of its two records were counted.
    const missing = 22_000 - seen;
    expect(missing).toBeGreaterThan(0);
    expect(lost).toBeGreaterThanOrEqual(missing);
    expect(lost).toBeLessThan(2 * missing + 200);
    const open = new Set(records.filter((one) => one.kind === 'open').map((one) => one.unique));
    for (const one of records) if (one.kind !== 'open') open.delete(one.unique);
    expect(open.size).toBe(0);
  });

  it('removes what a killed process left, and nothing of a living one', async () => {
    const old = '/sys/kernel/tracing/instances/fusescope-999999999-1';
    const mine = `/sys/kernel/tracing/instances/fusescope-${process.ppid}-${readStat(process.ppid)?.startTicks}`;
    mkdirSync(old);
    mkdirSync(mine);
    try {
      await start();
      const left = readdirSync('/sys/kernel/tracing/instances');
      expect(left).not.toContain(old.split('/').at(-1));
      expect(left).toContain(mine.split('/').at(-1));
    } finally {
      execFileSync('rmdir', [mine]);
    }
  });

  it('follows attaching and detaching under load', async () => {
    const running = await start();
    const load = spawn('sh', ['-c', 'while :; do [ -e missing ]; done'], {
      cwd: mount.mountpoint,
      stdio: 'ignore',
    });
    try {
      for (let round = 0; round < 20; round++) {
        running.watch(new Set([mount.connection]));
        const before = records.length;
        await until('traffic', () => records.length > before);
        running.watch(new Set());
        await new Promise((resolve) => setTimeout(resolve, 30));
        const after = records.length;
        await new Promise((resolve) => setTimeout(resolve, 30));
        expect(records.length).toBe(after);
      }
      expect(losses).toEqual([]);
    } finally {
      load.kill('SIGKILL');
      await once(load, 'exit');
    }
  });
});
