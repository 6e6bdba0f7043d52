// The server as a process: event lines in, spans, stalls, latencies and live frames out, over a restart too.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import type { EventsAnswer, Health, HistogramAnswer, LatencyAnswer, SpanList } from '../../shared/api.ts';
import type { Mount } from '../../shared/mount.ts';
import type { Span } from '../../shared/span.ts';
import type { Stall } from '../../shared/stall.ts';
import { connectLive } from '../support/live.ts';
import { describeWith } from '../support/requires.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

const nowUs = () => Date.now() * 1_000;
const lines = (...events: object[]) => events.map((event) => `${JSON.stringify(event)}\n`).join('');
const enter = (id: number | string, fields: object = {}) => ({
  ev: 'ENTER',
  mount: '/mnt/x',
  id,
  op: 'read',
  ts: nowUs(),
  ...fields,
});
const exit = (id: number | string, fields: object = {}) => ({
  ev: 'EXIT',
  mount: '/mnt/x',
  id,
  op: 'read',
  ts: nowUs(),
  errno: 0,
  ...fields,
});

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** Waits until the store shows as many spans as expected. */
function stored(filter: string, count: number, from: TestServer = server): Promise<Span[]> {
  return until(`${count} stored spans of ${filter}`, async () => {
    const { items } = await from.get<SpanList>('/api/spans', { filter, limit: 10_000 });
    return items.length === count ? items : null;
  });
}

describe('event lines', () => {
  it('become spans that the store gives back unchanged', async () => {
    const ts = nowUs() - 10_000.75;
    const response = await server.post(
      '/api/events',
      lines(
        enter(17, {
          ts,
          path: '/a b',
          fh: '18446744073709551615',
          offset: 4096,
          size: 131072,
          pid: 41,
          tid: 42,
          uid: 0,
          comm: 'cat',
          args: { flags: 32768 },
        }),
        exit(17, { durNs: 2_300_000, bytes: 131072 }),
        enter('xyz', { op: 'getattr', path: '/missing' }),
        exit('xyz', { op: 'getattr', errno: 2 }),
      ),
    );
    expect(await response.json()).toEqual({ accepted: 4, rejectedCount: 0, rejected: [] });
    const spans = await stored('mount:/mnt/x', 2);
    expect(spans.find((span) => span.unique === 17)).toMatchObject({
      mount: '/mnt/x',
      source: 'api',
      op: 'read',
      state: 'done',
      startUs: ts,
      durationNs: 2_300_000,
      errno: 0,
      error: null,
      path: '/a b',
      fh: '18446744073709551615',
      offset: 4096,
      size: 131072,
      bytes: 131072,
      pid: 41,
      tid: 42,
      uid: 0,
      comm: 'cat',
      args: { flags: 32768 },
    });
    expect(spans.find((span) => span.unique === 'xyz')).toMatchObject({
      errno: 2,
      error: 'ENOENT',
      path: '/missing',
    });
    const one = spans[0] as Span;
    expect(await server.get(`/api/spans/${one.id}`)).toEqual(one);
  });

  it('that are wrong are reported by number, and the rest is taken', async () => {
    const body = `${lines(enter(1, { mount: '/mnt/wrong' }))}{"ev":\n${lines({ ...enter(2), op: 'reed' }, exit(1, { mount: '/mnt/wrong' }))}`;
    const answer = (await (await server.post('/api/events', body)).json()) as EventsAnswer;
    expect(answer).toMatchObject({ accepted: 2, rejectedCount: 2, rejected: [{ line: 2 }, { line: 3 }] });
    await stored('mount:/mnt/wrong', 1);
  });

  it('come over the ingest socket too, which only its owner may open', async () => {
    expect(statSync(server.socket).mode & 0o777).toBe(0o600);
    const socket = net.connect(server.socket);
    socket.write(`not json\n${lines(enter(1, { mount: '/mnt/sock' }), exit(1, { mount: '/mnt/sock' }))}`);
    const [reply] = (await once(socket, 'data')) as [Buffer];
    expect(JSON.parse(reply.toString())).toMatchObject({ line: 1 });
    await stored('mount:/mnt/sock', 1);
    socket.destroy();
  });

  it('come over the WebSocket', async () => {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/api/ingest`);
    await once(socket, 'open');
    socket.send(JSON.stringify(enter(1, { mount: '/mnt/ws' })));
    socket.send(JSON.stringify(exit(1, { mount: '/mnt/ws' })));
    await stored('mount:/mnt/ws', 1);
    socket.terminate();
  });
});

describe('the live feed', () => {
  it('starts with a snapshot and brings what ends, by filter', async () => {
    using live = await connectLive(server.url, { filter: 'op:unlink' });
    await live.wait('snapshot', (frame) => frame.type === 'snapshot' && frame.mounts.length > 0);
    await server.post(
      '/api/events',
      lines(
        enter(50, { op: 'unlink', path: '/gone', mount: '/mnt/live' }),
        exit(50, { op: 'unlink', mount: '/mnt/live' }),
        enter(51, { mount: '/mnt/live' }),
        exit(51, { mount: '/mnt/live' }),
      ),
    );
    const spans = await live.wait(
      'spans',
      (frame) => frame.type === 'batch' && frame.spans.length > 0 && frame.spans,
    );
    expect(spans.map((span) => [span.op, span.path])).toEqual([['unlink', '/gone']]);
    live.send({ type: 'subscribe', filter: 'dur:>10mss' });
    const error = await live.wait('error', (frame) => frame.type === 'error' && frame);
    expect(error).toMatchObject({ code: 'FUSESCOPE_FILTER' });
    live.send({ type: 'subscribe', filter: 'op:mkdir' });
    await server.post(
      '/api/events',
      lines(enter(52, { op: 'mkdir', mount: '/mnt/live' }), exit(52, { op: 'mkdir', mount: '/mnt/live' })),
    );
    await live.wait(
      'mkdir',
      (frame) => frame.type === 'batch' && frame.spans.some((span) => span.op === 'mkdir'),
    );
  });

  it('answers garbage with an error and goes on', async () => {
    using live = await connectLive(server.url);
    live.socket.send('{{{');
    await live.wait('error', (frame) => frame.type === 'error' && frame.code === 'FUSESCOPE_INVALID');
    await live.wait('tick', (frame) => frame.type === 'tick');
  });
});

describe('a stall', () => {
  it('is raised at its threshold, shown open with its age, and closed by its EXIT', async () => {
    using live = await connectLive(server.url);
    const id = 'stuck';
    await server.post(
      '/api/events',
      lines(enter(id, { op: 'getattr', path: '/stuck', mount: '/mnt/s', pid: 41, comm: 'ls' })),
    );
    const raised = await live.wait('stall', (frame) => frame.type === 'stall' && frame.stall);
    expect(raised).toMatchObject({
      state: 'open',
      thresholdMs: 1000,
      span: { path: '/stuck', state: 'open', comm: 'ls' },
    });
    // The feed says so within 100 ms of the threshold, plus what the way here takes.
    expect(raised.ageMs).toBeGreaterThanOrEqual(1_000);
    expect(raised.ageMs).toBeLessThan(1_000 + 100 + 50);
    const [mount] = (await server.get<{ items: Mount[] }>('/api/mounts')).items.filter(
      (one) => one.mount === '/mnt/s',
    );
    expect(mount).toMatchObject({ state: 'stalled', inflight: 1, stalled: 1 });
    expect(
      (await server.get<{ items: object[] }>('/api/inflight', { filter: 'mount:/mnt/s' })).items,
    ).toMatchObject([{ span: { path: '/stuck' } }]);
    const latency = await server.get<LatencyAnswer>('/api/latency', { filter: 'mount:/mnt/s' });
    expect(latency.items).toMatchObject([{ key: 'getattr', count: 0, open: 1 }]);
    expect(server.log()).toMatch(/"path":"\/stuck".*"msg":"stalled"/);

    await server.post('/api/events', lines(exit(id, { op: 'getattr', mount: '/mnt/s', errno: 5 })));
    const closed = await live.wait(
      'end',
      (frame) => frame.type === 'stall' && frame.stall.state === 'closed' && frame.stall,
    );
    expect(closed).toMatchObject({ id: raised.id, span: { state: 'done', error: 'EIO' } });
    const history = await until('the stall in the history', async () => {
      const { items } = await server.get<{ items: Stall[] }>('/api/stalls', { state: 'closed' });
      return items.find((one) => one.id === raised.id) ?? null;
    });
    expect(history.span).toMatchObject({ path: '/stuck', error: 'EIO' });
    expect(await server.get(`/api/stalls/${raised.id}`)).toMatchObject({ id: raised.id, state: 'closed' });
  });
});

describe('queries', () => {
  it('that are wrong are answered with a code and a position', async () => {
    const get = async (path: string) => {
      const response = await fetch(new URL(path, server.url));
      return [response.status, (await response.json()) as { code: string; message: string }] as const;
    };
    expect(await get('/api/spans?filter=dur:%3E10mss')).toMatchObject([400, { code: 'FUSESCOPE_FILTER' }]);
    expect(await get('/api/spans?from=yesterday')).toMatchObject([
      400,
      { code: expect.stringMatching(/FUSESCOPE_(INVALID|TIME)/) },
    ]);
    expect(await get('/api/spans?limit=10001')).toMatchObject([400, { code: 'FUSESCOPE_INVALID' }]);
    expect(await get('/api/spans?cursor=zzz')).toMatchObject([400, { code: 'FUSESCOPE_CURSOR' }]);
    expect(await get('/api/spans/999999999')).toMatchObject([404, { code: 'FUSESCOPE_NOT_FOUND' }]);
    expect(await get('/api/stalls/999999999')).toMatchObject([404, { code: 'FUSESCOPE_NOT_FOUND' }]);
    expect(await get('/api/export?format=exe')).toMatchObject([400, { code: 'FUSESCOPE_INVALID' }]);
    expect(await get('/api/nothing')).toMatchObject([404, { code: 'FUSESCOPE_NOT_FOUND' }]);
  });

  it('page through spans with a cursor while more arrive', async () => {
    const many = (from: number, count: number) =>
      lines(
        ...Array.from({ length: count }, (_, i) => [
          enter(from + i, { mount: '/mnt/page', ts: nowUs() + i }),
          exit(from + i, { mount: '/mnt/page', ts: nowUs() + i }),
        ]).flat(),
      );
    await server.post('/api/events', many(0, 250));
    await stored('mount:/mnt/page', 250);
    const seen: number[] = [];
    let cursor: string | null = null;
    do {
      const page: SpanList = await server.get('/api/spans', {
        filter: 'mount:/mnt/page',
        limit: 100,
        ...(cursor === null ? {} : { cursor }),
      });
      if (seen.length === 0) await server.post('/api/events', many(1_000, 50));
      seen.push(...page.items.map((span) => span.id));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(seen).toHaveLength(250);
    expect(new Set(seen).size).toBe(250);
  });

  it('give percentiles and a heat map', async () => {
    const events = Array.from({ length: 100 }, (_, i) => [
      enter(i, { mount: '/mnt/lat' }),
      exit(i, { mount: '/mnt/lat', durNs: (i + 1) * 1_000_000 }),
    ]).flat();
    await server.post('/api/events', lines(...events));
    const read = await until('the histogram', async () => {
      const { items } = await server.get<LatencyAnswer>('/api/latency', { filter: 'mount:/mnt/lat' });
      return items.find((item) => item.count === 100) ?? null;
    });
    const close = (value: number | null, ms: number) =>
      expect(Math.abs((value ?? 0) / 1e6 / ms - 1)).toBeLessThan(0.02);
    close((read as HistogramAnswer).p50Ns, 50);
    close((read as HistogramAnswer).p99Ns, 99);
    close((read as HistogramAnswer).maxNs, 100);
    const heat = await server.get<{ columns: number[][] }>('/api/heatmap', {
      filter: 'mount:/mnt/lat',
      from: nowUs() - 60e6,
      to: nowUs() + 1e6,
    });
    expect(heat.columns.flat().reduce((sum, count) => sum + count, 0)).toBe(100);
  });

  it('export in every format', async () => {
    for (const format of ['perfetto', 'chrome', 'csv', 'ndjson']) {
      const response = await fetch(
        new URL(`/api/export?format=${format}&filter=mount:/mnt/page`, server.url),
      );
      expect(response.status).toBe(200);
      expect(response.headers.get('content-disposition')).toMatch(/attachment; filename="fusescope\./);
      expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(1_000);
    }
  });

  it('are described, and counted for Prometheus', async () => {
    const api = await server.get<{ paths: Record<string, unknown> }>('/api/openapi.json');
    expect(Object.keys(api.paths)).toEqual(
      expect.arrayContaining(['/api/health', '/api/spans', '/api/live', '/api/ingest', '/api/events']),
    );
    expect((await fetch(new URL('/api/docs', server.url))).status).toBe(200);
    const metrics = await (await fetch(new URL('/metrics', server.url))).text();
    expect(metrics).toMatch(
      /fusescope_operation_duration_seconds_count\{mount="\/mnt\/page",op="read"\} 300/,
    );
    expect(metrics).toMatch(/fusescope_stalled_operations \d/);
    expect((await server.get<Health>('/api/health')).status).toBe('ok');
  });
});

describe('who may ask', () => {
  it('is nobody from another web page or under another name', async () => {
    const status = async (headers: Record<string, string>) => {
      // fetch sets Host itself, so the request is written by hand.
      const { port } = new URL(server.url);
      const socket = net.connect(Number(port), '127.0.0.1');
      const head = Object.entries({ Host: `127.0.0.1:${port}`, Connection: 'close', ...headers });
      socket.write(
        `GET /api/health HTTP/1.1\r\n${head.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
      );
      const [data] = (await once(socket, 'data')) as [Buffer];
      socket.destroy();
      return Number(/^HTTP\/1.1 (\d+)/.exec(data.toString())?.[1]);
    };
    expect(await status({})).toBe(200);
    expect(await status({ Host: 'evil.example' })).toBe(403);
    expect(await status({ Origin: 'http://evil.example' })).toBe(403);
    expect(await status({ Origin: `http://127.0.0.1:${new URL(server.url).port}` })).toBe(200);
    await expect(connectLive(server.url, {}, { origin: 'http://evil.example' })).rejects.toThrow(/403/);
  });

  it('other addresses need a token', async () => {
    await expect(startTestServer({ args: ['--host', '0.0.0.0'] })).rejects.toThrow(/a token is needed/);
  });
});

describeWith(['root'], 'who may ask, of the local users,', () => {
  it('is not another one, unless with the token', async () => {
    const ask = async (url: string, uid: number) => {
      const code = `fetch(${JSON.stringify(url)}).then(async (r) => console.log(r.status, (await r.text()).slice(0, 100)))`;
      const child = spawn(process.execPath, ['-e', code], {
        uid,
        gid: uid,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [out] = (await once(child.stdout, 'data')) as [Buffer];
      return out.toString();
    };
    expect(await ask(`${server.url}/api/health`, 65_534)).toMatch(/^403 .*FUSESCOPE_FORBIDDEN/);
    await using guarded = await startTestServer({ args: ['--token', 'sesame'] });
    expect(await ask(`${guarded.url}/api/health`, 65_534)).toMatch(/^401/);
    expect(await ask(`${guarded.url}/api/health?token=sesame`, 65_534)).toMatch(/^200/);
    const opened = await fetch(`${guarded.url}/api/health?token=sesame`);
    const cookie = opened.headers.get('set-cookie')?.split(';')[0] ?? '';
    expect((await fetch(`${guarded.url}/api/health`, { headers: { cookie } })).status).toBe(200);
    expect(
      (await fetch(`${guarded.url}/api/health`, { headers: { authorization: 'Bearer wrong' } })).status,
    ).toBe(401);
  });
});

describe('--open', () => {
  it('opens the page in a browser, but not with a token in the address', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'fusescope-open-'));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    const script = '#!/bin/sh\necho "$1" > "$OPENED.new" && mv "$OPENED.new" "$OPENED"\n';
    writeFileSync(join(dir, 'xdg-open'), script, { mode: 0o755 });
    const opened = join(dir, 'opened');
    const env = { PATH: `${dir}:${process.env.PATH}`, DISPLAY: ':0', OPENED: opened };
    await using open = await startTestServer({ args: ['--open'], env });
    await until('the page to be opened', () => existsSync(opened));
    expect(readFileSync(opened, 'utf8')).toBe(`${open.url}/\n`);
    await using guarded = await startTestServer({ args: ['--open', '--token', 'sesame'], env });
    await until('the reason', () =>
      guarded.log().includes('the page is not opened (the address holds the token'),
    );
    await using blind = await startTestServer({
      args: ['--open'],
      env: { ...env, DISPLAY: '', WAYLAND_DISPLAY: '' },
    });
    await until('the reason', () => blind.log().includes('the page is not opened (there is no display'));
  });
});

describe('a restart', () => {
  it('keeps what was stored, closes an open span by its EXIT, and leaves nothing behind', async () => {
    await using first = await startTestServer();
    await first.post(
      '/api/events',
      lines(enter(1, { path: '/kept' }), exit(1), enter(2, { path: '/open', op: 'getattr' })),
    );
    await stored('path:/kept', 1, first);
    await stored('path:/open state:open', 1, first);
    expect(await first.stop()).toBe(0);
    expect(existsSync(first.socket)).toBe(false);

    await using second = await startTestServer({ dir: first.dir });
    await stored('path:/kept', 1, second);
    expect((await second.get<{ items: object[] }>('/api/inflight')).items).toMatchObject([
      { span: { path: '/open' } },
    ]);
    await second.post('/api/events', lines(exit(2, { op: 'getattr', errno: 0 })));
    const [closed] = await stored('path:/open state:done', 1, second);
    expect(closed?.durationNs).toBeGreaterThan(0);
  });

  it('refuses a second server on the same database with a sentence', async () => {
    await expect(startTestServer({ dir: server.dir })).rejects.toThrow(/in use by process \d+/);
  });
});

describe('a server that cannot start', () => {
  it('says which place or option is wrong, and what to do', async () => {
    await expect(startTestServer({ args: ['--db', '/proc/nope/trace.db'] })).rejects.toThrow(
      /the database \/proc\/nope\/trace.db cannot be opened .*--db/,
    );
    await expect(startTestServer({ args: ['--socket', '/proc/nope/a.sock'] })).rejects.toThrow(
      /no socket can be made .*--socket/,
    );
    await expect(startTestServer({ args: ['--token-file', '/nope'] })).rejects.toThrow(
      /ended with 2: .*\/nope/,
    );
    await expect(startTestServer({ args: ['--port', '99999'] })).rejects.toThrow(
      /ended with 2: .*0 to 65535/,
    );
    await expect(startTestServer({ args: ['--port', new URL(server.url).port] })).rejects.toThrow(
      /port \d+ is taken/,
    );
  });
});

it('takes the folders away that it made for its socket', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'fusescope-test-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const socket = join(dir, 'made/for/it.sock');
  const own = await startTestServer({ dir, args: ['--socket', socket] });
  expect(statSync(socket).mode & 0o777).toBe(0o600);
  expect(await own.stop()).toBe(0);
  expect(existsSync(join(dir, 'made'))).toBe(false);
  expect(existsSync(join(dir, 'trace.db'))).toBe(true);
});
