// Faults on a real mirror: what each effect does to a program, what each matcher picks out, and that the trace says so.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { FaultRule, FaultState } from '../../shared/fault.ts';
import { FakeServer } from '../support/ingest.ts';
import { type Ended, type Mirror, run, Workplace } from '../support/mirror.ts';
import { describeWith } from '../support/requires.ts';
import { until } from '../support/until.ts';

const place = new Workplace();
const socket = join(place.dir, 'ingest.sock');
let server: FakeServer;
let mirror: Mirror;

afterAll(async () => {
  await place.clean();
  await server?.kill();
});

/** Runs Node on the mount: `fs` and what it prints as JSON with `tell`. Errors are told by their code. */
async function inside<T>(code: string, at = mirror.mountpoint): Promise<T> {
  const script = `const fs = require('node:fs');
    const code = (act) => { try { return act() ?? 'ok'; } catch (error) { return error.code; } };
    const tell = (value) => process.stdout.write(JSON.stringify(value));
    ${code}`;
  const ended = await run(process.execPath, ['-e', script], { cwd: at });
  if (ended.status !== 0) throw new Error(ended.stderr);
  return JSON.parse(ended.stdout) as T;
}

async function put(rule: FaultRule): Promise<void> {
  await server.control({ do: 'put', rule });
}

/** The rule as the mirror last told, once `test` holds for it. */
async function state(id: string, test: (rule: FaultState) => boolean = () => true): Promise<FaultState> {
  return until(`rule ${id} to be so`, async () => {
    const { faults } = await server.counts();
    return faults?.rules.find((rule) => rule.id === id && test(rule));
  });
}

const MiB = 1024 * 1024;

describeWith(['root', 'fuse'], 'faults on a mirror', () => {
  beforeAll(async () => {
    server = await FakeServer.start(socket);
    const source = place.make('source');
    writeFileSync(join(source, 'file'), Buffer.alloc(MiB, 'a'));
    writeFileSync(join(source, 'small'), 'hello world');
    writeFileSync(join(source, 'other.tmp'), 'x');
    mirror = await place.mirror(source, place.make('mount'), [
      '--socket',
      socket,
      '--direct-io',
      '--allow-other',
    ]);
    await until('the mirror to say hello', async () => (await server.counts()).faults);
  });
  beforeEach(() => server.control({ do: 'clear' }));

  it('fails each operation asked for with the errno asked for, and the trace names the rule', async () => {
    await put({ id: 'no-open', match: { op: ['open'], path: '/small' }, effect: { errno: 'EIO' } });
    await put({ id: 'no-rename', match: { op: ['rename'] }, effect: { errno: 'EXDEV' } });
    const told =
      await inside(`tell([code(() => fs.readFileSync('small', 'utf8')), code(() => fs.readFileSync('other.tmp', 'utf8')),
      code(() => fs.renameSync('small', 'elsewhere')), code(() => fs.statSync('small').size)])`);
    expect(told).toEqual(['EIO', 'x', 'EXDEV', 11]);
    const rule = await state('no-open', ({ hits }) => hits === 1);
    expect(rule).toMatchObject({ matches: 1, hits: 1, held: 0 });
    expect(rule.lastHitUs).toBeGreaterThan(1e15);
    const touched = await until('the trace', async () => {
      const { latest } = await server.counts();
      const faulty = latest.filter(({ args }) => (args as { fault?: string } | null)?.fault !== undefined);
      return faulty.length >= 2 ? faulty : null;
    });
    expect(
      touched.map(({ op, path, errno, args }) => [op, path, errno, (args as { fault: string }).fault]),
    ).toEqual([
      ['open', '/small', 5, 'no-open'],
      ['rename', '/small', 18, 'no-rename'],
    ]);
  });

  it('answers EINTR where it is asked for', async () => {
    await put({ id: 'interrupted', match: { op: ['fsync'], first: 1 }, effect: { errno: 'EINTR' } });
    // Most runtimes try again by themselves.
    const sync = () => run('sync', ['small'], { cwd: mirror.mountpoint, env: { LC_ALL: 'C' } });
    expect((await sync()).stderr).toContain('Interrupted system call');
    expect(await sync()).toMatchObject({ status: 0, stderr: '' });
  });

  it('touches one program and not another', async () => {
    await put({ id: 'some', match: { op: ['read'], comm: 'c?t' }, effect: { errno: 'EIO' } });
    expect((await run('cat', ['small'], { cwd: mirror.mountpoint })).stdout).toBe('');
    expect((await run('head', ['-c5', 'small'], { cwd: mirror.mountpoint })).stdout).toBe('hello');
  });

  it.each<[string, FaultRule['match'], string]>([
    ['every third', { every: 3 }, 'oo-oo-oo-o'],
    ['all after the fourth', { after: 4 }, 'oooo------'],
    ['only the first two', { first: 2 }, '--oooooooo'],
    ['two of every second after the second', { after: 2, every: 2, first: 4 }, 'ooo-o-oooo'],
    ['none by chance', { probability: 0 }, 'oooooooooo'],
    ['what is below this offset', { offset: { max: 4096 * 2 } }, '---ooooooo'],
    ['what is between these offsets', { offset: { min: 4096 * 4, max: 4096 * 5 } }, 'oooo--oooo'],
    ['reads of another size', { size: { max: 1000 } }, 'oooooooooo'],
    ['reads of this size', { size: { min: 4096, max: 4096 } }, '----------'],
    ['another user', { uid: 12345 }, 'oooooooooo'],
    ['this user', { uid: 0 }, '----------'],
    ['not yet', { fromMs: 600_000 }, 'oooooooooo'],
    ['still', { toMs: 600_000 }, '----------'],
    ['another process', { pid: 1 }, 'oooooooooo'],
    ['another path', { path: '*.tmp' }, 'oooooooooo'],
    ['this path', { path: '/f?le' }, '----------'],
  ])('touches %s of ten reads', async (_name, match, expected) => {
    await put({ id: 'some', match: { op: ['read'], ...match }, effect: { errno: 'EIO' } });
    const code = `const fd = fs.openSync('file', 'r'); const block = Buffer.alloc(4096); const all = [];
      for (let i = 0; i < 10; i++) all.push(code(() => fs.readSync(fd, block, 0, 4096, 4096 * i)));
      tell(all.map((one) => one === 4096 ? 'o' : '-').join(''))`;
    expect(await inside(code)).toBe(expected);
  });

  it('chooses by chance as its seed says, every time the same', async () => {
    const code = `const fd = fs.openSync('file', 'r'); const block = Buffer.alloc(4096); const all = [];
      for (let i = 0; i < 60; i++) all.push(code(() => fs.readSync(fd, block, 0, 4096, 0)) === 4096 ? 'o' : '-');
      tell(all.join(''))`;
    const seeds = [7, 7, 8];
    const told: string[] = [];
    for (const [i, seed] of seeds.entries()) {
      await put({
        id: `chance-${i}`,
        seed,
        match: { op: ['read'], probability: 0.5 },
        effect: { errno: 'EIO' },
      });
      told.push(await inside(code));
      await server.control({ do: 'remove', id: `chance-${i}` });
    }
    expect(told[0]).toBe(told[1]);
    expect(told[2]).not.toBe(told[0]);
    expect(told[0]?.match(/-/g)?.length).toBeGreaterThan(15);
    expect(told[0]?.match(/o/g)?.length).toBeGreaterThan(15);
  });

  it.each<[string, FaultRule['effect'], number]>([
    ['a bound', { partial: { maxBytes: 100 } }, 100],
    ['a few bytes fewer', { partial: { shortBy: 96 } }, 4000],
    ['nothing at all', { partial: { maxBytes: 0 } }, 0],
  ])('reads and writes %s', async (name, effect, expected) => {
    const file = name.replaceAll(' ', '-');
    await inside(`fs.writeFileSync('${file}', Buffer.alloc(4096, 'w')); tell(0)`);
    // A runtime may go on where a short write ended, so the first one counts.
    await put({ id: 'short', match: { path: `/${file}` }, effect });
    await inside(`const fd = fs.openSync('${file}', 'r+'); const data = Buffer.alloc(4096);
      fs.readSync(fd, data, 0, 4096, 0); fs.writeSync(fd, data, 0, 4096, 0); tell(0)`);
    const moved = await until('both in the trace', async () => {
      const { latest } = await server.counts();
      const touched = latest.filter(
        (told) => told.path === `/${file}` && (told.args as { fault?: string } | null)?.fault,
      );
      const first = ['read', 'write'].map((op) => touched.find((told) => told.op === op));
      // What has only begun has moved nothing yet.
      return first.every((one) => typeof one?.bytes === 'number') ? first.map((one) => one?.bytes) : null;
    });
    expect(moved).toEqual([expected, expected]);
  });

  it('changes bytes of what is read and written, the same ones for the same seed', async () => {
    const code = `const fd = fs.openSync('file', 'r'); const block = Buffer.alloc(4096); fs.readSync(fd, block, 0, 4096, 0);
      tell([...block].map((value, at) => [at, value]).filter(([, value]) => value !== 97))`;
    const rule: FaultRule = {
      id: 'spoilt',
      seed: 3,
      match: { path: '/file' },
      effect: { corrupt: { bytes: 3 } },
    };
    await put(rule);
    const first = await inside<unknown[]>(code);
    await server.control({ do: 'remove', id: 'spoilt' });
    expect(await inside(code)).toEqual([]);
    await put(rule);
    expect(await inside(code)).toEqual(first);
    expect(first.length).toBeGreaterThan(0);
    expect(first.length).toBeLessThanOrEqual(3);
    await put({ id: 'spoilt', seed: 3, match: { op: ['write'] }, effect: { corrupt: { bytes: 1 } } });
    await inside(`fs.writeFileSync('spoilt', Buffer.alloc(4096, 'a')); tell(0)`);
    const stored = await inside<number[]>(
      `tell([...fs.readFileSync('spoilt')].filter((value) => value !== 97))`,
      mirror.source,
    );
    expect(stored).toHaveLength(1);
  });

  it('is full once its budget of bytes is written, the last write only in part', async () => {
    await put({ id: 'full', effect: { space: { bytes: 10_000 } } });
    const code = `const fd = fs.openSync('growing', 'w'); const block = Buffer.alloc(4096); const all = [];
      for (let i = 0; i < 4; i++) all.push(code(() => fs.writeSync(fd, block)));
      all.push(code(() => fs.mkdirSync('no-room')), code(() => fs.readFileSync('small', 'utf8'))); tell(all)`;
    expect(await inside(code)).toEqual([4096, 4096, 1808, 'ENOSPC', 'ENOSPC', 'hello world']);
    expect((await run('fallocate', ['-l', '100', join(mirror.mountpoint, 'growing')])).stderr).toContain(
      'No space',
    );
  });

  it('shows attributes as they were, and not yet what is new', async () => {
    const look = async (name: string) =>
      (await run('stat', ['-c', '%s', name], { cwd: mirror.mountpoint })).stdout;
    await inside(`fs.writeFileSync('lagging', 'four'); tell(0)`, mirror.source);
    await put({ id: 'lag', match: { path: '/lag*' }, effect: { stale: { ms: 600_000 } } });
    // As on the other side of a slow share: what was written just now is not there yet.
    expect(await look('lagging')).toBe('');
    await put({ id: 'lag', match: { path: '/lag*' }, effect: { stale: { ms: 1 } } });
    expect(await look('lagging')).toBe('4\n');
    await put({ id: 'lag', match: { path: '/lag*' }, effect: { stale: { ms: 600_000 } } });
    expect(await look('lag-missing')).toBe('');
    await inside(
      `fs.writeFileSync('lag-missing', 'now there'); fs.utimesSync('lag-missing', 1, 1); tell(0)`,
      mirror.source,
    );
    expect(await look('lag-missing')).toBe('');
    await server.control({ do: 'switch', id: 'lag', on: false });
    expect(await look('lag-missing')).toBe('9\n');
    expect(await look('lagging')).toBe('4\n');
  });

  it('makes operations wait: a fixed time, some time, or as long as each entry of a listing takes', async () => {
    const code = `const begun = performance.now(); fs.statSync('small'); tell(performance.now() - begun)`;
    await put({
      id: 'slow',
      match: { op: ['getattr'], path: '/small' },
      effect: { delay: { kind: 'fixed', ms: 150 } },
    });
    expect(await inside(code)).toBeGreaterThan(145);
    for (const delay of [
      { kind: 'uniform', minMs: 60, maxMs: 80 },
      { kind: 'normal', meanMs: 60, deviationMs: 0 },
      { kind: 'long-tail', medianMs: 60, p99Ms: 60 },
    ] as const) {
      await put({ id: 'slow', match: { op: ['getattr'], path: '/small' }, effect: { delay } });
      expect(await inside(code)).toBeGreaterThan(55);
    }
    await inside(
      `fs.mkdirSync('listed'); for (let i = 0; i < 18; i++) fs.writeFileSync('listed/' + i, ''); tell(0)`,
    );
    await put({ id: 'slow', effect: { listing: { perEntryMs: 10 } } });
    const list = `const begun = performance.now(); const names = fs.readdirSync('listed'); tell([names.length, performance.now() - begun > 195])`;
    expect(await inside(list)).toEqual([18, true]);
  });

  it('fails after a delay where a rule has both', async () => {
    const rule: FaultRule = {
      id: 'timeout',
      match: { op: ['read'] },
      effect: { delay: { kind: 'fixed', ms: 100 }, errno: 'ETIMEDOUT' },
    };
    await put(rule);
    const code = `const begun = performance.now(); const said = code(() => fs.readFileSync('small', 'utf8')); tell([said, performance.now() - begun > 95])`;
    expect(await inside(code)).toEqual(['ETIMEDOUT', true]);
  });

  it('answers with the latencies and errors of a trace', async () => {
    const samples = { open: { ns: [80e6, 1e6], errno: [0, 13] } };
    await put({ id: 'again', match: { path: '/small' }, effect: { replay: { samples, order: 'in-order' } } });
    const code = `const all = []; for (let i = 0; i < 3; i++) { const begun = performance.now();
      all.push([code(() => fs.openSync('small')) === 'EACCES', performance.now() - begun > 75]); } tell(all)`;
    const told = await inside<[boolean, boolean][]>(code);
    expect(told.map(([refused]) => refused)).toEqual([false, true, false]);
    expect([told[0]?.[1], told[2]?.[1]]).toEqual([true, true]);
  });

  it('holds operations until they are released, one by one if asked', async () => {
    await put({ id: 'hung', match: { op: ['read'], path: '/small' }, effect: { hang: { atOnce: 1 } } });
    let first: Ended | null = null;
    const held = run('dd', ['if=small', 'bs=64', 'count=1', 'status=none'], { cwd: mirror.mountpoint }).then(
      (ended) => {
        first = ended;
      },
    );
    await state('hung', (rule) => rule.held === 1);
    const enter = await until('its ENTER', async () =>
      (await server.counts()).latest.find(
        (told) => told.kind === 1 && told.op === 'read' && told.comm === 'dd',
      ),
    );
    expect(enter.args).toMatchObject({ fault: 'hung' });
    // Another one passes, since one is held already; and so does everything else.
    expect((await run('cat', ['small', 'other.tmp'], { cwd: mirror.mountpoint })).stdout).toBe(
      'hello worldx',
    );
    expect(first).toBeNull();
    await server.control({ do: 'release', id: 'hung' });
    await held;
    expect(first).toMatchObject({ status: 0, stdout: 'hello world' });
    expect(await state('hung', (rule) => rule.held === 0)).toMatchObject({ hits: 1, enabled: true });
  });

  it.each<[string, () => Promise<unknown>]>([
    ['its rule is switched off', () => server.control({ do: 'switch', id: 'hung', on: false })],
    ['its rule is removed', () => server.control({ do: 'remove', id: 'hung' })],
    ['everything is cleared', () => server.control({ do: 'clear' })],
    ['another rule takes its place', () => put({ id: 'hung', effect: { errno: 'EIO' }, enabled: false })],
  ])('lets go what it holds when %s', async (_name, act) => {
    await put({ id: 'hung', match: { op: ['read'] }, effect: { hang: {} } });
    const held = run('cat', ['small'], { cwd: mirror.mountpoint });
    await state('hung', (rule) => rule.held === 1);
    await act();
    expect(await held).toMatchObject({ status: 0, stdout: 'hello world' });
  });

  it('is switched off and on again without losing its counters, and takes effect at once', async () => {
    await put({ id: 'switched', match: { op: ['read'] }, effect: { errno: 'EIO' } });
    const read = () => inside(`tell(code(() => fs.readFileSync('small', 'utf8')))`);
    expect(await read()).toBe('EIO');
    await server.control({ do: 'switch', id: 'switched', on: false });
    expect(await read()).toBe('hello world');
    const after = await server.control({ do: 'switch', id: 'switched', on: true });
    expect(after.rules).toMatchObject([{ id: 'switched', enabled: true, hits: 1 }]);
    expect(await read()).toBe('EIO');
  });

  it('ends by itself after its time, and lets go', async () => {
    await put({ id: 'brief', ttlMs: 300, match: { op: ['read'] }, effect: { hang: {} } });
    expect(await run('cat', ['small'], { cwd: mirror.mountpoint })).toMatchObject({ stdout: 'hello world' });
    expect(await state('brief', ({ enabled }) => !enabled)).toMatchObject({ hits: 1, ttlMs: 0 });
  });

  it('is switched under load without a lost or a wrong answer', async () => {
    const load = inside<
      [number, number, number]
    >(`let ok = 0, failed = 0, wrong = 0; const until = performance.now() + 1500;
      while (performance.now() < until) { const said = code(() => fs.readFileSync('small', 'utf8'));
        if (said === 'hello world') ok++; else if (said === 'EIO') failed++; else wrong++; } tell([ok, failed, wrong])`);
    let over = false;
    void load.finally(() => {
      over = true;
    });
    for (let on = true; !over; on = !on) {
      if (on) await put({ id: 'flicker', match: { op: ['read'] }, effect: { errno: 'EIO' } });
      else await server.control({ do: 'switch', id: 'flicker', on: false });
    }
    const [ok, failed, wrong] = await load;
    expect(wrong).toBe(0);
    expect(ok).toBeGreaterThan(0);
    expect(failed).toBeGreaterThan(0);
    expect((await state('flicker')).hits).toBe(failed);
  });

  it.each<[string, object, RegExp]>([
    ['an unknown operation', { match: { op: ['raed'] }, effect: { errno: 'EIO' } }, /did you mean read/],
    ['an unknown errno', { effect: { errno: 'EWHAT' } }, /"EWHAT" is no errno/],
    ['no effect', { effect: {} }, /no effect/],
    [
      'an effect that cannot be done',
      { match: { op: ['open'] }, effect: { partial: { maxBytes: 1 } } },
      /partial cannot be done to open/,
    ],
  ])('refuses %s, and says why', async (_name, rule, why) => {
    await expect(server.control({ do: 'put', rule })).rejects.toThrow(why);
    await expect(server.control({ do: 'remove', id: 'none' })).rejects.toThrow('there is no rule none');
  });
});
