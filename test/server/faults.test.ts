// Faults through the server: interface and command, on a real mirror; what becomes of them when the server dies, when
// the mirror ends, and when a rule ends it.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seeded } from '../../fuse/faults/chance.ts';
import type { ApiError, Fault } from '../../shared/api.ts';
import type { FaultRule } from '../../shared/fault.ts';
import type { Mount } from '../../shared/mount.ts';
import type { Span } from '../../shared/span.ts';
import {
  bash,
  type Ended,
  type Mirror,
  mirrorCommand,
  mountsBelow,
  run,
  Workplace,
} from '../support/mirror.ts';
import { describeWith } from '../support/requires.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

const MAIN = new URL('../../server/cli/main.ts', import.meta.url).pathname;
const place = new Workplace();
let server: TestServer;
let mirror: Mirror;
let mount: Mount;

afterAll(async () => {
  await place.clean();
  await server?.[Symbol.asyncDispose]();
});

async function call<T>(method: string, path: string, body?: object): Promise<T> {
  const response = await fetch(new URL(path, server.url), {
    method,
    ...(body ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } } : {}),
  });
  return (response.status === 204 ? null : await response.json()) as T;
}

const add = (rule: FaultRule) => call<Fault & ApiError>('POST', '/api/faults', { mount: mount.id, rule });
const faults = () => server.get<{ items: Fault[] }>('/api/faults').then(({ items }) => items);
const find = (id: string, test: (fault: Fault) => boolean) =>
  until(`fault ${id} to be so`, async () => (await faults()).find((fault) => fault.id === id && test(fault)));
const cat = () => run('cat', [join(mirror.mountpoint, 'file')]);
const fusescope = (...args: string[]) =>
  run(process.execPath, [MAIN, ...args], { env: { FUSESCOPE_SERVER: server.url } });

/** The mount as the server knows it. */
function known(at: string): Promise<Mount> {
  return until('the mirror to be known', async () => {
    const { items } = await server.get<{ items: Mount[] }>('/api/mounts', { gone: 'false' });
    return items.find((one) => one.mount === at && one.kind === 'mirror' && one.state !== 'gone');
  });
}

describeWith(['fuse', 'fusermount'], 'faults through a server', () => {
  beforeAll(async () => {
    server = await startTestServer();
    const source = place.make('source');
    writeFileSync(join(source, 'file'), 'content');
    mirror = await place.mirror(source, place.make('mount'), ['--socket', server.socket, '--direct-io']);
    mount = await known(mirror.mountpoint);
  });

  it('are added, listed with counters, switched, changed and removed', async () => {
    const added = await add({ match: { op: ['read'] }, effect: { errno: 'EIO' }, note: 'for a test' });
    expect(added).toMatchObject({
      mountId: mount.id,
      mount: mirror.mountpoint,
      enabled: true,
      hits: 0,
      matches: 0,
    });
    expect(added.id).toMatch(/^errno-[0-9a-f]{4}$/);
    expect((await cat()).stderr).toContain('Input/output error');
    expect(await find(added.id, ({ hits }) => hits === 1)).toMatchObject({ note: 'for a test', matches: 1 });
    const path = `/api/faults/${added.id}`;
    expect(await call<Fault>('PATCH', path, { enabled: false })).toMatchObject({ enabled: false, hits: 1 });
    expect((await cat()).stdout).toBe('content');
    expect(await call<Fault>('PATCH', path, { effect: { errno: 'EACCES' } })).toMatchObject({
      enabled: false,
      hits: 1,
    });
    expect(await call<Fault>('PATCH', path, { enabled: true })).toMatchObject({
      enabled: true,
      effect: { errno: 'EACCES' },
    });
    expect((await cat()).stderr).toContain('Permission denied');
    expect(await call('DELETE', path)).toBeNull();
    expect((await cat()).stdout).toBe('content');
    expect(await faults()).toEqual([]);
    const spans = await until('the spans', async () => {
      const { items } = await server.get<{ items: Span[] }>('/api/spans', {
        filter: `mount:${mirror.mountpoint} op:read`,
      });
      const hit = items.filter(({ args, state }) => args?.fault === added.id && state === 'done');
      return hit.length === 2 ? items : null;
    });
    expect(
      spans
        .filter(({ args }) => args?.fault === added.id)
        .map(({ error }) => error)
        .sort(),
    ).toEqual(['EACCES', 'EIO']);
  });

  it('hold operations until one rule, or the whole mirror, lets go', async () => {
    await add({ id: 'hung', match: { op: ['read'], first: 1 }, effect: { hang: {} } });
    const held = cat();
    await find('hung', (fault) => fault.held === 1);
    const ways = await server.get<{ items: { name: string; applies: boolean; effect: string }[] }>(
      `/api/mounts/${mount.id}/actions`,
    );
    expect(JSON.stringify(ways)).toContain('The fault hung holds one operation back until released.');
    expect(await call('POST', '/api/faults/hung/release')).toEqual({ released: 1 });
    expect((await held).stdout).toBe('content');
    expect(await call('POST', '/api/faults/hung/release')).toEqual({ released: 0 });
    expect(await call('DELETE', '/api/faults')).toEqual({ cleared: 1 });
  });

  it.each<[string, () => Promise<ApiError>, string, RegExp]>([
    [
      'a mount that is not there',
      () => call('POST', '/api/faults', { mount: '/none', rule: { effect: { errno: 'EIO' } } }),
      'FUSESCOPE_NOT_FOUND',
      /no mount \/none/,
    ],
    ['a rule that does nothing', () => add({ effect: {} }), 'FUSESCOPE_INVALID', /no effect/],
    [
      'an unknown operation',
      () => add({ match: { op: ['lookup'] }, effect: { errno: 'EIO' } }),
      'FUSESCOPE_INVALID',
      /look-ups as getattr/,
    ],
    [
      'what the schema does not know',
      () => add({ effect: { explode: true } } as never),
      'FUSESCOPE_INVALID',
      /effect/,
    ],
    [
      'an unknown rule',
      () => call('PATCH', '/api/faults/none', { enabled: true }),
      'FUSESCOPE_NOT_FOUND',
      /no fault none/,
    ],
  ])('are refused for %s', async (_name, act, code, message) => {
    const answer = await act();
    expect(answer.code).toBe(code);
    expect(answer.message).toMatch(message);
  });

  it('are refused for a mount that is no mirror', async () => {
    await server.post(
      '/api/events',
      `${JSON.stringify({ ev: 'ENTER', mount: '/no/mirror', id: 1, op: 'read', ts: Date.now() * 1e3 })}\n`,
    );
    const answer = await call<ApiError>('POST', '/api/faults', {
      mount: '/no/mirror',
      rule: { effect: { errno: 'EIO' } },
    });
    expect(answer).toMatchObject({
      code: 'FUSESCOPE_CONFLICT',
      message: expect.stringContaining('is no mirror'),
    });
  });

  it('are set from the command line, with presets, modes and traces', async () => {
    const at = mirror.mountpoint;
    const lines = (ended: Ended) =>
      ended.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
    const added = await fusescope(
      'faults',
      'add',
      at,
      '--op',
      'read,write',
      '--path',
      '*.db',
      '--every',
      '3',
      '--after',
      '2',
      '--delay',
      '10ms..80ms',
      '--errno',
      'eio',
      '--ttl',
      '10m',
      '--min-offset',
      '4K',
      '--seed',
      '9',
      '--id',
      'all-of-it',
      '--json',
    );
    expect(added.stderr).toBe('');
    expect(lines(added)[0]).toMatchObject({
      id: 'all-of-it',
      match: { op: ['read', 'write'], path: '*.db', every: 3, after: 2, offset: { min: 4096 } },
      effect: { delay: { kind: 'uniform', minMs: 10, maxMs: 80 }, errno: 'EIO' },
      seed: 9,
    });
    expect(
      lines(await fusescope('faults', 'add', at, '--preset', 'virtiofs-lag', '--id', 'lag', '--json'))[0],
    ).toMatchObject({
      preset: 'virtiofs-lag',
      effect: { stale: { ms: 500 } },
    });
    expect(
      lines(
        await fusescope('faults', 'add', at, '--mode', 'FailEveryNth=4', '--off', '--id', 'mode', '--json'),
      )[0],
    ).toMatchObject({
      match: { every: 4 },
      effect: { errno: 'EIO' },
      enabled: false,
    });
    const trace = join(place.dir, 'trace.ndjson');
    const span = (op: string, durationNs: number | null, errno: number) =>
      JSON.stringify({ op, durationNs, errno, state: durationNs === null ? 'open' : 'done' });
    writeFileSync(
      trace,
      [
        span('lookup', 5e6, 0),
        span('open', 2e6, 13),
        span('read', null, 0),
        'no JSON',
        span('mount-what', 1, 0),
      ].join('\n'),
    );
    const replayed = await fusescope('faults', 'add', at, '--replay', trace, '--id', 'again', '--json');
    expect(replayed.stderr).toBe(
      '3 operations read; 1 without an end are not replayed, 1 lines were something else.\n',
    );
    expect(lines(replayed)[0].effect.replay.samples).toEqual({
      getattr: { ns: [5e6], errno: [0] },
      open: { ns: [2e6], errno: [13] },
    });
    expect((await cat()).stderr).toContain('Permission denied');
    const list = await fusescope('faults', 'list', at);
    expect(list.stdout).toContain('wait 10 ms to 80 ms, then fail with EIO');
    expect((await fusescope('faults', 'off', at, 'again')).stdout).toMatch(/again +off/);
    expect((await cat()).stdout).toBe('content');
    const stored = join(place.dir, 'stored.ndjson');
    expect(await fusescope('export', stored)).toMatchObject({ status: 0 });
    expect(JSON.parse(readFileSync(stored, 'utf8').split('\n')[0] ?? '')).toMatchObject({ source: 'mirror' });
    const again = await fusescope('faults', 'add', at, '--replay', stored, '--id', 'stored');
    expect(again).toMatchObject({ status: 0, stderr: expect.stringMatching(/^[1-9]\d* operations read/) });
    expect((await fusescope('faults', 'remove', at, 'stored')).stdout).toBe('stored is removed.\n');
    expect((await fusescope('faults', 'remove', at, 'again')).stdout).toBe('again is removed.\n');
    expect((await fusescope('faults', 'clear', at)).stdout).toBe('3 removed.\n');
    expect((await fusescope('faults', 'presets')).stdout).toContain('stalled-upload');
  });

  it('replay a recording: another mirror is then as slow and as faulty, in its order or by chance', async () => {
    const COUNT = 24;
    const source = place.make('replay-source');
    for (let i = 0; i < COUNT; i++) writeFileSync(join(source, `rec-${i}`), 'x');
    for (let i = 0; i < COUNT; i++) writeFileSync(join(place.dir, 'source', `rec-${i}`), 'x');
    const other = await place.mirror(source, place.make('replay'), [
      '--socket',
      server.socket,
      '--direct-io',
    ]);
    await known(other.mountpoint);
    await add({ match: { op: ['open'], every: 4 }, effect: { errno: 'EACCES' } });
    await add({
      match: { op: ['open'] },
      effect: { delay: { kind: 'uniform', minMs: 5, maxMs: 40 } },
      seed: 7,
    });
    /** Opens every file once, one after the other. */
    const openAll = (at: string) => bash(`for i in $(seq 0 ${COUNT - 1}); do cat rec-$i || true; done`, at);
    const opens = (query: Record<string, string | number>) =>
      until('every open to be told', async () => {
        const { items } = await server.get<{ items: Span[] }>('/api/spans', {
          order: 'start:asc',
          limit: 1_000,
          ...query,
        });
        return items.filter((span) => span.state === 'done').length === COUNT ? items : null;
      });

    const filter = `mount:${mirror.mountpoint} op:open path:/rec-*`;
    const started = await fusescope('record', 'start', '--filter', filter, '--json');
    const { id } = JSON.parse(started.stdout) as { id: number };
    await openAll(mirror.mountpoint);
    await opens({ filter });
    expect((await fusescope('record', 'stop', String(id))).status).toBe(0);
    const recorded = await opens({ recording: id });
    expect(recorded.filter((span) => span.errno === 13)).toHaveLength(COUNT / 4);

    for (const order of ['in-order', 'sampled'] as const) {
      const words = ['--replay-recording', String(id), '--id', order, '--seed', '3'];
      if (order === 'in-order') words.push('--in-order');
      const added = await fusescope('faults', 'add', other.mountpoint, ...words);
      expect(added).toMatchObject({
        status: 0,
        stderr: expect.stringMatching(/^24 operations read; 0 without/),
      });
      const fromUs = Date.now() * 1_000;
      await openAll(other.mountpoint);
      const replayed = await opens({ filter: `mount:${other.mountpoint} op:open path:/rec-*`, from: fromUs });
      const random = seeded(3);
      for (const [i, span] of replayed.entries()) {
        const sample = recorded[order === 'in-order' ? i : Math.floor(random() * COUNT)];
        expect(span).toMatchObject({ errno: sample?.errno, args: { fault: order } });
        expect(span.durationNs).toBeGreaterThanOrEqual((sample?.durationNs ?? Number.NaN) - 1e6);
      }
      await fusescope('faults', 'remove', other.mountpoint, order);
    }
    await fusescope('faults', 'clear', '--all');
  });

  it.each<[string[], RegExp]>([
    [['--delay', 'soon'], /"soon" is no delay/],
    [['--every', 'x', '--errno', 'EIO'], /whole number/],
    [['--op', 'read'], /no effect/],
    [['--mode', 'Explode=1'], /is no mode/],
  ])('are refused from the command line: %j', async (options, why) => {
    const ended = await fusescope('faults', 'add', mirror.mountpoint, ...options);
    expect(ended.stderr).toMatch(why);
    expect(ended.status).toBe(2);
  });

  it('come from a file, without a server too, which is checked', async () => {
    const file = join(place.dir, 'faults.json');
    const dirs = [place.make('file-source'), place.make('file-mount')];
    const write = (content: unknown) =>
      writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    const attempt = () => run(...mirrorCommand([...dirs, '--faults', file]), { timeoutMs: 15_000 });
    for (const [content, why] of [
      ['{', /is not JSON/],
      [{ rules: [{ effect: { errno: 5 } }] }, /\/rules\/0\/effect\/errno must be string/],
      [{ rules: [{ effect: { errno: 'EWHAT' } }] }, /\/rules\/0: "EWHAT" is no errno/],
      [
        {
          rules: [
            { id: 'a', effect: { errno: 'EIO' } },
            { id: 'a', effect: { errno: 'EIO' } },
          ],
        },
        /the id a is there twice/,
      ],
    ] as const) {
      write(content);
      const refused = await attempt();
      expect(refused.stderr).toMatch(/^fusescope: cannot use the faults in [^\n]+\n$/);
      expect(refused.stderr).toMatch(why);
    }
    write({ rules: [{ id: 'ro', match: { op: ['create'] }, effect: { errno: 'EROFS' } }] });
    const plain = await place.start([...dirs, '--faults', file]);
    expect((await run('touch', [join(plain.mountpoint, 'x')])).stderr).toContain('Read-only file system');
    plain.child.kill('SIGTERM');
    expect(await plain.ended).toMatchObject({ status: 0, stderr: '' });
  });

  it('let go what they hold when the mirror ends', async () => {
    const own = await place.mirror(place.make('end-source'), place.make('end-mount'), [
      '--socket',
      server.socket,
    ]);
    writeFileSync(join(own.source, 'f'), 'x');
    const at = await known(own.mountpoint);
    await call('POST', '/api/faults', {
      mount: at.id,
      rule: { id: 'ending', match: { op: ['read'] }, effect: { hang: {} } },
    });
    const held = run('cat', [join(own.mountpoint, 'f')]);
    await find('ending', (fault) => fault.held === 1);
    own.child.kill('SIGTERM');
    expect(await own.ended).toMatchObject({ status: 0, stderr: '' });
    expect((await held).stdout).toBe('x');
    expect(mountsBelow(place.dir)).not.toContain(own.mountpoint);
    await until('the fault to be gone', async () => !(await faults()).some((fault) => fault.id === 'ending'));
  });

  it('end the file system as a crash would, and leave no mount', async () => {
    const own = await place.mirror(place.make('crash-source'), place.make('crash-mount'), [
      '--socket',
      server.socket,
    ]);
    writeFileSync(join(own.source, 'f'), 'x');
    const at = await known(own.mountpoint);
    await call('POST', '/api/faults', {
      mount: at.id,
      rule: { id: 'crash', match: { op: ['read'] }, effect: { disconnect: true } },
    });
    expect((await run('cat', [join(own.mountpoint, 'f')])).stderr).toMatch(
      /not connected|aborted|Input\/output error/,
    );
    const ended = await own.ended;
    expect(ended.status).toBe(1);
    expect(ended.stderr).toContain('the fault crash disconnects it');
    await until('the mount to be gone', () => !mountsBelow(place.dir).includes(own.mountpoint));
    const span = await until('its span', async () => {
      const { items } = await server.get<{ items: Span[] }>('/api/spans', {
        filter: `mount:${own.mountpoint} op:read`,
      });
      return items.find(({ args, state }) => args?.fault === 'crash' && state !== 'open');
    });
    expect(span.state).toBe('aborted');
  });

  it('stay on a mirror whose server is killed, go on holding, and are there for the next server', async () => {
    await add({ id: 'survivor', match: { op: ['read'], first: 1 }, effect: { hang: {} } });
    const started = await call<Mount & { mountpoint: string; pid: number }>('POST', '/api/mirrors', {
      source: place.make('child-source'),
      mountpoint: place.make('child-mount'),
    });
    writeFileSync(join(place.dir, 'child-source', 'f'), 'x');
    const child = await known(started.mountpoint);
    await call('POST', '/api/faults', {
      mount: child.id,
      rule: { id: 'child', match: { op: ['read'] }, effect: { hang: {} } },
    });
    const held = cat();
    const childHeld = run('cat', [join(started.mountpoint, 'f')]);
    await find('survivor', (fault) => fault.held === 1);
    await find('child', (fault) => fault.held === 1);
    await server.stop('SIGKILL');
    // The mirror that the server had started ends with it, and answers what it held.
    expect((await childHeld).stdout).toBe('x');
    await until('the mount to be gone', () => !mountsBelow(place.dir).includes(started.mountpoint));
    // The one that was started by hand is its own master.
    expect(mountsBelow(place.dir)).toContain(mirror.mountpoint);
    const { dir } = server;
    server = await startTestServer({ dir });
    mount = await known(mirror.mountpoint);
    expect(await find('survivor', () => true)).toMatchObject({ hits: 1, held: 1, enabled: true });
    expect(await call('POST', '/api/faults/survivor/release')).toEqual({ released: 1 });
    expect((await held).stdout).toBe('content');
    expect(await call('DELETE', `/api/faults?mount=${mount.id}`)).toEqual({ cleared: 1 });
    expect(existsSync(dir)).toBe(true);
    rmSync(join(place.dir, 'child-source'), { recursive: true });
  }, 60_000);
});
