// What a test may expect of its operations.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { checkBaseline, checkLatency, checkOperations } from '../../../server/testing/expectations.ts';
import { blankSpan, type Span, setErrno } from '../../../shared/span.ts';

const dir = mkdtempSync(join(tmpdir(), 'fusescope-test-'));
afterAll(() => rmSync(dir, { recursive: true }));

function span(op: string, path = '/a', durationMs = 1, errno = 0): Span {
  const one: Span = {
    ...blankSpan(1, 1, '/mnt', 'kernel', op),
    path,
    state: 'done',
    durationNs: durationMs * 1e6,
  };
  setErrno(one, errno);
  return one;
}

test('operations in order, with others between', () => {
  const done = [span('lookup'), span('create'), span('write'), span('flush'), span('rename2', '/a')];
  expect(checkOperations(done, ['create', 'write', 'rename'])).toBeNull();
  expect(checkOperations(done, [{ op: 'create', path: '/a', error: null }])).toBeNull();
  expect(checkOperations(done, ['write', 'create'])).toContain('expected create after write');
  expect(checkOperations(done, [{ op: 'create', path: '/b' }])).toContain('create /b');
  expect(checkOperations([span('open', '/a', 1, 2)], [{ op: 'open', error: null }])).toContain(
    'was not done',
  );
});

test('operations by number', () => {
  const done = [span('write'), span('write'), span('chmod')];
  expect(checkOperations(done, { write: 2, fsync: 0, setattr: 1 })).toBeNull();
  expect(checkOperations(done, { write: 1 })).toContain('write 2 times instead of 1');
});

test('latency: exact percentiles, with open operations at their age', () => {
  const done = Array.from({ length: 100 }, (_, i) => span('read', '/a', i + 1));
  expect(checkLatency(done, [], { op: 'read', p50Ms: 50, p99Ms: 99, maxMs: 100 })).toBeNull();
  expect(checkLatency(done, [], { op: 'read', p99Ms: 98 })).toContain('p99 99 ms instead of 98 ms');
  expect(checkLatency(done, [{ span: span('read'), ageMs: 5_000 }], { maxMs: 100 })).toContain('max 5 s');
  expect(checkLatency(done, [], { op: 'write', p99Ms: 1 })).toContain('there was none');
});

test('a baseline is written once, then compared; redundant operations are named', () => {
  const file = join(dir, 'baseline.json');
  expect(checkBaseline([span('read'), span('open')], file, {})).toBeNull();
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
    version: 1,
    by: 'op',
    counts: { open: 1, read: 1 },
  });
  expect(checkBaseline([span('open'), span('read')], file, {})).toBeNull();
  const wrong = checkBaseline([span('open'), span('read'), span('read'), span('fsync')], file, {});
  expect(wrong).toContain('read: 2 instead of 1');
  expect(wrong).toContain('fsync: 1 instead of 0');
  expect(checkBaseline([span('fsync')], file, { update: true, by: 'path' })).toBeNull();
  expect(checkBaseline([span('fsync', '/b')], file, {})).toContain('fsync /a: 0 instead of 1');
});

test('a file that is no baseline is said to be none', () => {
  const file = join(dir, 'broken.json');
  writeFileSync(file, '{"version":2}');
  expect(() => checkBaseline([], file, {})).toThrow('is no baseline');
  writeFileSync(file, 'not json');
  expect(() => checkBaseline([], file, {})).toThrow('is no baseline');
});
