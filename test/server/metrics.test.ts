// GET /metrics as Prometheus reads it: the text format to the letter, and counts that are right.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Labels, NAME, OTHER } from '../../server/metrics/durations.ts';
import type { LatencyAnswer } from '../../shared/api.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

interface Family {
  type: string;
  help: string;
  samples: { name: string; labels: Record<string, string>; value: number }[];
}

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (NaN|[+-]Inf|[-+0-9.e]+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\[\\"n])*)"(,|$)/y;

/** Families by name. @throws where the text is not what Prometheus reads */
function parse(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map<string, Family>();
  const seen = new Set<string>();
  let family: { name: string; value: Family } | null = null;
  for (const line of text.split('\n').slice(0, -1)) {
    const head = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line);
    if (head) {
      const [, kind, name = '', rest = ''] = head;
      if (kind === 'HELP') {
        if (families.has(name)) throw new Error(`${name} stands in two places`);
        family = { name, value: { type: '', help: rest, samples: [] } };
        families.set(name, family.value);
      } else if (family?.name === name && family.value.samples.length === 0) family.value.type = rest;
      else throw new Error(`TYPE of ${name} is out of place`);
      continue;
    }
    if (line === '') continue;
    const [, name = '', labelText = '', value = ''] = SAMPLE.exec(line) ?? [];
    if (!family || name === '') throw new Error(`no sample: ${line}`);
    const suffix = name.slice(family.name.length);
    const allowed = family.value.type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
    if (!name.startsWith(family.name) || !allowed.includes(suffix))
      throw new Error(`${name} is out of place`);
    const key = `${name}{${labelText}}`;
    if (seen.has(key)) throw new Error(`${key} stands there twice`);
    seen.add(key);
    family.value.samples.push({
      name,
      labels: labelsOf(labelText),
      value: Number(value.replace('Inf', 'Infinity')),
    });
  }
  return families;
}

function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const match = LABEL.exec(text);
    if (!match) throw new Error(`labels: ${text}`);
    labels[match[1] ?? ''] = (match[2] ?? '').replace(/\\(.)/g, (_, char: string) =>
      char === 'n' ? '\n' : char,
    );
  }
  return labels;
}

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ args: ['--tap', 'proc'] });
});
afterAll(() => server[Symbol.asyncDispose]());

const scrape = async () => parse(await (await fetch(new URL('/metrics', server.url))).text());
const MOUNT = '/mnt/"odd"\\one\nline';

/** Finished operations that took so many ns. */
async function finished(op: string, durNs: readonly number[], errno = 0): Promise<void> {
  const ts = Date.now() * 1_000 - 10e6;
  const lines = durNs.flatMap((ns, i) => [
    { ev: 'ENTER', mount: MOUNT, id: `${op}${i}`, op, ts, pid: 1 },
    { ev: 'EXIT', mount: MOUNT, id: `${op}${i}`, ts: ts + ns / 1e3, durNs: ns, errno },
  ]);
  const answer = await server.post('/api/events', lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  expect(await answer.json()).toMatchObject({ rejectedCount: 0 });
}

it('is what Prometheus reads, names and kinds as its conventions ask', async () => {
  await finished('lookup', [5_000], 2);
  const families = await scrape();
  for (const [name, { type, help }] of families) {
    expect(name).toMatch(/^fusescope_[a-z0-9_]+$/);
    expect(help).not.toBe('');
    expect(['gauge', 'counter', 'histogram']).toContain(type);
    expect(name.endsWith('_total'), name).toBe(type === 'counter');
  }
  const named = [
    'inflight',
    'stalled_operations',
    'lost_total',
    'stalls_total',
    'mount_inflight',
    'store_bytes',
  ];
  for (const name of named) expect(families.has(`fusescope_${name}`), name).toBe(true);
  expect(families.get('fusescope_operation_errors_total')?.samples).toContainEqual({
    name: 'fusescope_operation_errors_total',
    labels: { mount: MOUNT, op: 'lookup', errno: 'ENOENT' },
    value: 1,
  });
});

it('counts every duration once, exactly at its bounds, across seconds', async () => {
  const bound = 2 ** 20;
  await finished('read', [bound - 1, bound, 3e11]);
  const read = async () => {
    const samples = (await scrape()).get(NAME)?.samples ?? [];
    const own = samples.filter(({ labels }) => labels.op === 'read' && labels.mount === MOUNT);
    const value = (suffix: string, le?: string) =>
      own.find((one) => one.name === `${NAME}${suffix}` && one.labels.le === le)?.value;
    const buckets = own.filter((one) => one.name.endsWith('_bucket'));
    return { value, buckets };
  };
  const { value, buckets } = await read();
  expect(value('_count')).toBe(3);
  expect(value('_bucket', '+Inf')).toBe(3);
  expect(value('_bucket', String(bound / 1e9))).toBe(1);
  expect(value('_bucket', String((2 * bound) / 1e9))).toBe(2);
  expect(value('_sum')).toBeCloseTo((2 * bound - 1 + 3e11) / 1e9, 9);
  const counts = buckets.map((one) => one.value);
  expect(counts).toEqual([...counts].sort((a, b) => a - b));
  await until('the second to be handed over', async () => {
    const { items } = await server.get<LatencyAnswer>('/api/latency', { filter: 'op:read', by: 'op' });
    return items[0]?.count === 3;
  });
  expect((await read()).value('_count')).toBe(3);
});

it('tells a stall while it is open, and its cause once it has ended', async () => {
  const line = { mount: '/mnt/stuck', id: 1, op: 'lookup', pid: 1 };
  await server.post('/api/events', `${JSON.stringify({ ev: 'ENTER', ...line, ts: Date.now() * 1_000 })}\n`);
  const value = async (name: string, labels: Record<string, string> = {}) =>
    (await scrape())
      .get(name)
      ?.samples.find((one) => Object.entries(labels).every(([key, text]) => one.labels[key] === text))?.value;
  await until('it to be stalled', async () => (await value('fusescope_stalled_operations')) === 1);
  expect(await value('fusescope_mount_stalled_operations', { mount: '/mnt/stuck' })).toBe(1);
  await server.post(
    '/api/events',
    `${JSON.stringify({ ev: 'EXIT', ...line, ts: Date.now() * 1_000, errno: 0 })}\n`,
  );
  await until('it to have ended', async () => (await value('fusescope_stalled_operations')) === 0);
  expect(await value('fusescope_stalls_raised_total')).toBe(1);
  expect((await scrape()).get('fusescope_stalls_total')?.samples).toEqual([
    { name: 'fusescope_stalls_total', labels: { cause: expect.any(String) }, value: 1 },
  ]);
});

it('has bounded labels: what is beyond them is counted together', () => {
  const labels = new Labels();
  const mounts = new Set(Array.from({ length: 1_000 }, (_, i) => labels.of(`/m${i}`, `op-${i}`).mount));
  expect(mounts.size).toBe(201);
  expect(labels.of('/m1', 'op-1')).toEqual({ mount: '/m1', op: 'op-1' });
  expect(labels.of('/m900', 'op-900')).toEqual({ mount: OTHER, op: OTHER });
});
