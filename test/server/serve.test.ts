import { once } from 'node:events';
import { statSync } from 'node:fs';
import net from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { EventsAnswer, Health, HistogramAnswer, LatencyAnswer, SpanList } from '../../shared/api.ts';
import type { Mount } from '../../shared/mount.ts';
import type { Span } from '../../shared/span.ts';
import type { Stall } from '../../shared/stall.ts';
import { enter, exit, lines, nowUs, stored } from '../support/event-lines.ts';
import { connectLive } from '../support/live.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

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
    const spans = await stored(server, 'mount:/mnt/x', 2);
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
    await stored(server, 'mount:/mnt/wrong', 1);
  });

  it('come over the ingest socket too, which only its owner may open', async () => {
    expect(statSync(server.socket).mode & 0o777).toBe(0o600);
    const socket = net.connect(server.socket);
    socket.write(`not json\n${lines(enter(1, { mount: '/mnt/sock' }), exit(1, { mount: '/mnt/sock' }))}`);
    const [reply] = (await once(socket, 'data')) as [Buffer];
    expect(JSON.parse(reply.toString())).toMatchObject({ line: 1 });
    await stored(server, 'mount:/mnt/sock', 1);
    socket.destroy();
  });

  it('come over the WebSocket', async () => {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/api/ingest`);
    await once(socket, 'open');
    socket.send(JSON.stringify(enter(1, { mount: '/mnt/ws' })));
    socket.send(JSON.stringify(exit(1, { mount: '/mnt/ws' })));
    await stored(server, 'mount:/mnt/ws', 1);
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
    await stored(server, 'mount:/mnt/page', 250);
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
