// Faults from the command line, on a real mirror: rules by options, presets, modes, traces, recordings and files.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seeded } from '../../fuse/faults/chance.ts';
import type { Span } from '../../shared/span.ts';
import { Faulty } from '../support/faulty.ts';
import { bash, type Ended, mirrorCommand, run } from '../support/mirror.ts';
import { describeWith } from '../support/requires.ts';
import { until } from '../support/until.ts';

const faulty = new Faulty();
const { place, add, cat, fusescope, known } = faulty;
afterAll(() => faulty[Symbol.asyncDispose]());

describeWith(['fuse', 'fusermount'], 'faults', () => {
  beforeAll(() => faulty.start());

  it('are set from the command line, with presets, modes and traces', async () => {
    const at = faulty.mirror.mountpoint;
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
      faulty.server.socket,
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
        const { items } = await faulty.server.get<{ items: Span[] }>('/api/spans', {
          order: 'start:asc',
          limit: 1_000,
          ...query,
        });
        return items.filter((span) => span.state === 'done').length === COUNT ? items : null;
      });

    const filter = `mount:${faulty.mirror.mountpoint} op:open path:/rec-*`;
    const started = await fusescope('record', 'start', '--filter', filter, '--json');
    const { id } = JSON.parse(started.stdout) as { id: number };
    await openAll(faulty.mirror.mountpoint);
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
    const ended = await fusescope('faults', 'add', faulty.mirror.mountpoint, ...options);
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
});
