// Faults through the interface of the server, on a real mirror; what becomes of them when the server dies, when the mirror
// ends, and when a rule ends it.
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ApiError, Fault } from '../../shared/api.ts';
import type { Mount } from '../../shared/mount.ts';
import type { Span } from '../../shared/span.ts';
import { Faulty } from '../support/faulty.ts';
import { mountsBelow, run } from '../support/mirror.ts';
import { describeWith } from '../support/requires.ts';
import { startTestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

const faulty = new Faulty();
const { place, call, add, faults, find, cat, known } = faulty;
afterAll(() => faulty[Symbol.asyncDispose]());

describeWith(['fuse', 'fusermount'], 'faults through a server', () => {
  beforeAll(() => faulty.start());

  it('are added, listed with counters, switched, changed and removed', async () => {
    const added = await add({ match: { op: ['read'] }, effect: { errno: 'EIO' }, note: 'for a test' });
    expect(added).toMatchObject({
      mountId: faulty.mount.id,
      mount: faulty.mirror.mountpoint,
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
      const { items } = await faulty.server.get<{ items: Span[] }>('/api/spans', {
        filter: `mount:${faulty.mirror.mountpoint} op:read`,
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
    const ways = await faulty.server.get<{ items: { name: string; applies: boolean; effect: string }[] }>(
      `/api/mounts/${faulty.mount.id}/actions`,
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
    await faulty.server.post(
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

  it('let go what they hold when the mirror ends', async () => {
    const own = await place.mirror(place.make('end-source'), place.make('end-mount'), [
      '--socket',
      faulty.server.socket,
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
      faulty.server.socket,
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
      const { items } = await faulty.server.get<{ items: Span[] }>('/api/spans', {
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
    await faulty.server.stop('SIGKILL');
    // The mirror that the server had started ends with it, and answers what it held.
    expect((await childHeld).stdout).toBe('x');
    await until('the mount to be gone', () => !mountsBelow(place.dir).includes(started.mountpoint));
    // The one that was started by hand is its own master.
    expect(mountsBelow(place.dir)).toContain(faulty.mirror.mountpoint);
    const { dir } = faulty.server;
    faulty.server = await startTestServer({ dir });
    faulty.mount = await known(faulty.mirror.mountpoint);
    expect(await find('survivor', () => true)).toMatchObject({ hits: 1, held: 1, enabled: true });
    expect(await call('POST', '/api/faults/survivor/release')).toEqual({ released: 1 });
    expect((await held).stdout).toBe('content');
    expect(await call('DELETE', `/api/faults?mount=${faulty.mount.id}`)).toEqual({ cleared: 1 });
    expect(existsSync(dir)).toBe(true);
    rmSync(join(place.dir, 'child-source'), { recursive: true });
  }, 60_000);
});
