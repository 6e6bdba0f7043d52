// Budgets, summaries and JUnit files of `fusescope run`, without a run.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type Budget, judge, readBudget } from '../../../server/run/budget.ts';
import { junitXml } from '../../../server/run/junit.ts';
import { Summary } from '../../../server/run/summary.ts';
import { blankSpan, type Span, setErrno } from '../../../shared/span.ts';

const dir = mkdtempSync(join(tmpdir(), 'fusescope-test-'));
afterAll(() => rmSync(dir, { recursive: true }));

function summaryOf(spans: [op: string, ms: number | null, errno: number][]): Summary {
  const summary = new Summary([], 0);
  for (const [i, [op, ms, errno]] of spans.entries()) {
    const span: Span = {
      ...blankSpan(i, 1, '/mnt', 'kernel', op),
      durationNs: ms === null ? null : ms * 1e6,
    };
    if (ms !== null) span.state = 'done';
    setErrno(span, ms === null ? null : errno);
    summary.add(span);
  }
  return summary;
}

const failed = (summary: Summary, budget: Budget) =>
  judge(summary, budget)
    .filter(({ ok }) => !ok)
    .map(({ name }) => name);

test('every limit is judged by itself', () => {
  const summary = summaryOf([
    ['read', 1, 0],
    ['read', 50, 0],
    ['write', 2, 28],
    ['rename2', 3, 2],
    ['open', null, 0],
  ]);
  expect(summary.count).toBe(5);
  expect(
    failed(summary, { version: 1, operations: { read: { max: 2, p99Ms: 60, maxMs: 60, errors: 0 } } }),
  ).toEqual([]);
  expect(failed(summary, { version: 1, operations: { read: { max: 1, maxMs: 10 } } })).toEqual([
    'read count',
    'read slowest',
  ]);
  expect(failed(summary, { version: 1, operations: { rename: { max: 0 } } })).toEqual(['rename count']);
  expect(failed(summary, { version: 1, operations: { '*': { errors: 1 } } })).toEqual([
    'all operations errors',
  ]);
  expect(failed(summary, { version: 1, errors: ['ENOENT'] })).toEqual(['errnos']);
  expect(failed(summary, { version: 1, errors: ['ENOENT', 'ENOSPC'], stalls: 0 })).toEqual([]);
  expect(failed(summary, { version: 1, operations: { mkdir: { max: 0, p99Ms: 1 } } })).toEqual([]);
});

test('open operations are counted as open, the slowest are named, slowest first', () => {
  const summary = summaryOf([
    ...Array.from({ length: 9 }, (_, i) => ['read', i + 1, 0] as [string, number, number]),
    ['open', null, 0],
  ]);
  expect(summary.slowest().map(({ durationNs }) => durationNs)).toEqual([9e6, 8e6, 7e6, 6e6, 5e6]);
  expect(summary.operations()[1]).toMatchObject({ op: 'open', count: 1, open: 1, p50Ns: null });
});

test('a file that is no budget is refused with the place in it', () => {
  const file = join(dir, 'budget.json');
  const reading = (text: string) => () => {
    writeFileSync(file, text);
    return readBudget(file);
  };
  expect(reading('{"version":1,"stalls":0}')()).toEqual({ version: 1, stalls: 0 });
  expect(reading('{')).toThrow('is no budget');
  expect(reading('{"version":2}')).toThrow('/version');
  expect(reading('{"version":1,"operations":{"read":{"p99":1}}}')).toThrow('/operations/read');
});

test('a JUnit file holds each verdict, and hostile names as text', () => {
  const xml = junitXml(
    'sh -c "<&\u0001"',
    [
      { name: 'a', ok: true, text: '' },
      { name: 'b"', ok: false, text: '1\n2' },
    ],
    1.5,
  );
  expect(xml).toContain('name="sh -c &quot;&lt;&amp;\ufffd&quot;" tests="2" failures="1" time="1.500"');
  expect(xml).toContain('<testcase classname="fusescope run" name="a"/>');
  expect(xml).toContain('name="b&quot;">\n      <failure message="1&#10;2"/>');
});
