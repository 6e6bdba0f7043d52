// Two ranges, filters and recordings side by side, from event lines to the answer of a real server.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CompareAnswer } from '../../shared/compare/answer.ts';
import type { Recording } from '../../shared/recording.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { twoRanges } from '../support/two-ranges.ts';
import { until } from '../support/until.ts';

let server: TestServer;
const { lines, count, before, after, mounts } = twoRanges();
const time = ({ fromUs, toUs }: typeof before) => ({ from: fromUs, to: toUs });
const against = ({ fromUs, toUs }: typeof before) => ({ againstFrom: fromUs, againstTo: toUs });
const compare = (query: Record<string, string | number>) =>
  server.get<CompareAnswer>('/api/latency/compare', query);
const verdicts = ({ items }: CompareAnswer) =>
  Object.fromEntries(items.map(({ key, verdict }) => [key, verdict]));

beforeAll(async () => {
  server = await startTestServer();
  expect((await server.post('/api/events', lines)).status).toBe(200);
  await until('all of them to be counted', async () => {
    const { items } = await compare({ ...time(after), ...against(before) });
    return items.reduce((sum, { a, b }) => sum + (a?.count ?? 0) + (b?.count ?? 0), 0) === count;
  });
});
afterAll(() => server?.[Symbol.asyncDispose]());

it('names what differs between two ranges, and calls the rest noise', async () => {
  const answer = await compare({ ...time(after), ...against(before) });
  expect(verdicts(answer)).toEqual({ read: 'differs', getattr: 'noise', mkdir: 'too-little' });
  expect(answer.items[0]?.text).toMatch(/^read: slower than the second, p50 .* More than noise \(p </);
  expect(answer.a.pieces).toBe(8);
  expect(answer.method).toContain('permutation');
});

it('compares mounts by their filters, from rollups as from a scan', async () => {
  const [first = '', second = ''] = mounts;
  const rolled = await compare({ ...time(after), ...against(after), filter: first, againstFilter: second });
  const scanned = await compare({
    ...time(after),
    ...against(after),
    filter: `${first} dur:>0ns`,
    againstFilter: `${second} dur:>0ns`,
  });
  expect(verdicts(rolled)).toEqual(verdicts(scanned));
  expect(rolled.items[0]?.a?.count).toBe(scanned.items[0]?.a?.count);
});

it('compares a recording with the live trace, and says what it cannot read', async () => {
  const made = await server.post('/api/recordings', {
    name: 'before',
    from: String(before.fromUs),
    to: String(before.toUs),
  });
  expect(made.status).toBe(201);
  const { id } = (await made.json()) as Recording;
  await until('the recording', async () => {
    const { items } = await server.get<{ items: Recording[] }>('/api/recordings');
    return items.find((one) => one.id === id && one.state === 'done');
  });
  const answer = await compare({ ...time(after), againstRecording: id });
  expect(verdicts(answer)).toMatchObject({ read: 'differs', getattr: 'noise' });
  await expect(compare({ againstRecording: 999 })).rejects.toThrow('FUSESCOPE_NOT_FOUND');
  await expect(compare({ againstFilter: 'op:' })).rejects.toThrow('FUSESCOPE_FILTER');
});
