// Tier 2: what the kernel's trace buffers say of requests on real mounts.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readStat } from '../../../fuse/kernel/discovery/proc.ts';
import type { Tap, TapLoss, TapRecord } from '../../../fuse/kernel/tap.ts';
import { offsetOf, parseEventFormat, parseHeaderPage } from '../../../fuse/kernel/tracefs/format.ts';
import { pageLayout, walkPage } from '../../../fuse/kernel/tracefs/page.ts';
import { Requests } from '../../../fuse/kernel/tracefs/requests.ts';
import { startTracefsTap } from '../../../fuse/kernel/tracefs/tap.ts';
import { opName } from '../../../shared/ops.ts';
import { bindfs, type Daemon, provideFusectl, provideTracefs } from '../../support/daemons.ts';
import { run, Workplace } from '../../support/mirror.ts';
import { describeWith } from '../../support/requires.ts';
import { until } from '../../support/until.ts';

const SEND = `name: fuse_request_send
ID: 1293
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;

	field:dev_t connection;	offset:8;	size:4;	signed:0;
	field:enum fuse_opcode opcode;	offset:24;	size:4;	signed:0;
	field:__data_loc char[] name;	offset:32;	size:4;	signed:0;

print fmt: "connection %u", REC->connection
`;
const PAGE = `	field: u64 timestamp;	offset:0;	size:8;	signed:0;
	field: local_t commit;	offset:8;	size:8;	signed:1;
	field: int overwrite;	offset:8;	size:1;	signed:1;
	field: char data;	offset:16;	size:4080;	signed:0;
`;

describe('the kernel’s description of a record', () => {
  it('gives number and offsets', () => {
    const { id, fields } = parseEventFormat(SEND);
    expect([
      id,
      offsetOf(fields, 'common_pid'),
      offsetOf(fields, 'opcode'),
      offsetOf(fields, 'name'),
    ]).toEqual([1293, 4, 24, 32]);
    expect(() => offsetOf(fields, 'nodeid')).toThrow('no field nodeid');
    expect(() => parseEventFormat('')).toThrow('no ID');
  });
});

describe('a page of the ring buffer', () => {
  const layout = pageLayout(parseHeaderPage(PAGE));
  const walk = (commit: number, ...words: number[]) => {
    const bytes = new DataView(new ArrayBuffer(16 + words.length * 4));
    bytes.setBigUint64(0, 1_000n, true);
    bytes.setUint32(8, commit, true);
    words.forEach((word, i) => void bytes.setUint32(16 + i * 4, word, true));
    const seen: [at: number, bytes: number, timeNs: number][] = [];
    walkPage(bytes, layout, (at, size, timeNs) => void seen.push([(at - 16) / 4, size, timeNs]));
    return seen;
  };
  const head = (type: number, delta: number) => ((delta << 5) | type) >>> 0;

  it('holds records with differences of time', () => {
    expect(walk(20, head(2, 5), 0, 0, head(1, 7), 0)).toEqual([
      [1, 8, 1005],
      [4, 4, 1012],
    ]);
  });

  it('may extend a difference, or give an absolute time', () => {
    expect(walk(16, head(30, 3), 2, head(1, 1), 0)).toEqual([[3, 4, 1000 + 2 * 2 ** 27 + 3 + 1]]);
    expect(walk(16, head(31, 3), 2, head(1, 1), 0)).toEqual([[3, 4, 2 * 2 ** 27 + 3 + 1]]);
  });

  it('may hold long records, discarded ones, and nothing behind the last', () => {
    expect(walk(16, head(0, 1), 12, 0, 0)).toEqual([[2, 8, 1001]]);
    expect(walk(20, head(29, 4), 4, 0, head(1, 1), 0)).toEqual([]);
    expect(walk(16, head(29, 4), 4, head(1, 1), 0)).toEqual([[3, 4, 1005]]);
    expect(walk(16, head(29, 0), 0, head(1, 1), 0)).toEqual([]);
  });

  it('may carry the marks of lost records in its length, and ends where it is cut', () => {
    expect(walk((0xc000_0000 | 8) >>> 0, head(1, 1), 0, 99, 99)).toEqual([[1, 4, 1001]]);
    expect(walk(8, head(3, 1), 0)).toEqual([]);
  });
});

describe('requests', () => {
  const told: TapRecord[] = [];
  const givenUp: TapRecord[] = [];
  const requests = (maxOpen = 10) =>
    new Requests(
      { record: (one) => void told.push(one), givenUp: (one) => void givenUp.push(one) },
      (tid) => ({ tid, pid: tid - 1, uid: 5, gid: 6, comm: 'cat' }),
      maxOpen,
    );
  afterEach(() => {
    told.length = 0;
    givenUp.length = 0;
  });

  it('are told once when they end, with sizes from the lengths of their messages', () => {
    const table = requests();
    table.sent(7, 2, 16, 40 + 40 + 4096, 100, 1000);
    table.ended(7, 2, 24, 0, 200, 1500);
    table.sent(7, 4, 15, 80, 100, 2000);
    table.ended(7, 4, 16 + 512, 0, 200, 2300);
    table.sent(7, 6, 1, 50, 100, 3000);
    table.ended(7, 6, 16, -2, 200, 3001);
    table.tellOpen();
    expect(told).toMatchObject([
      {
        kind: 'done',
        opcode: 16,
        size: 4096,
        bytes: null,
        durationNs: 500,
        tid: 100,
        pid: 99,
        daemonTid: 200,
      },
      { kind: 'done', opcode: 15, size: null, bytes: 512, durationNs: 300, errno: 0 },
      { kind: 'done', opcode: 1, errno: 2, uid: 5, gid: 6, comm: 'cat' },
    ]);
  });

  it('that stay open are told once as open; ends of others say nothing', () => {
    const table = requests();
    table.sent(7, 2, 15, 80, 100, 1000);
    table.ended(8, 2, 16, 0, 200, 1100);
    table.tellOpen();
    table.tellOpen();
    expect(told).toMatchObject([{ kind: 'open', unique: 2, durationNs: null }]);
    table.ended(7, 2, 16, 0, 200, 1200);
    expect(told).toMatchObject([{ kind: 'open' }, { kind: 'done', unique: 2, durationNs: 200 }]);
  });

  it('are bounded: the oldest is given up', () => {
    const table = requests(2);
    for (const unique of [2, 4, 6]) table.sent(7, unique, 15, 80, 100, unique);
    expect(givenUp).toMatchObject([{ unique: 2 }]);
    expect([...table.open].map((one) => one.unique)).toEqual([4, 6]);
  });

  it('of connections that are no longer watched are forgotten', () => {
    const table = requests();
    table.sent(7, 2, 15, 80, 100, 1000);
    table.sent(8, 2, 15, 80, 100, 1000);
    table.keep(new Set([8]));
    table.tellOpen();
    expect(told).toMatchObject([{ connection: 8 }]);
  });
});

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
