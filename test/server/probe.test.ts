// The visibility probe on real mounts: a mirror that is slow on purpose, and rclone with its cache of directories.
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { type ProbeSummary, summaryOf } from '../../server/probe/delays.ts';
import { startDaemon } from '../support/daemons.ts';
import { type Ended, run, Workplace } from '../support/mirror.ts';
import { describeWith } from '../support/requires.ts';

const MAIN = join(import.meta.dirname, '../../server/cli/main.ts');
const place = new Workplace();
afterAll(() => place.clean());

function probe(write: string, read: string, ...more: string[]): Promise<Ended> {
  return run(process.execPath, [MAIN, 'probe', 'visibility', '--write', write, '--read', read, ...more]);
}

it('says what never appeared, in which directory something is wrong, and leaves no file', async () => {
  const [here, there] = [place.make('here'), place.make('there')];
  const apart = await probe(
    here,
    there,
    '--count',
    '2',
    '--interval',
    '1ms',
    '--timeout',
    '200ms',
    '--budget',
    '1s',
  );
  expect(apart.status, apart.stderr).toBe(3);
  expect(apart.stdout).toMatch(/opens +0 +2 +– /);
  const same = await probe(here, here, '--count', '3', '--interval', '1ms', '--json', '--budget', '30s');
  expect(same.status, same.stderr).toBe(0);
  expect(JSON.parse(same.stdout)).toMatchObject({
    count: 3,
    open: { seen: 3, never: 0 },
    list: { seen: 3 },
    vanished: 0,
  });
  expect(readdirSync(here)).toEqual([]);
  const missing = await probe(join(here, 'none'), here);
  expect([missing.status, missing.stderr]).toEqual([
    1,
    expect.stringMatching(/here\/none cannot be written \(ENOENT/),
  ]);
  expect((await probe(here, here, '--count', '0')).status).toBe(2);
});

it('tells the lag of the listing, what vanished, and delays by powers of two', () => {
  const seen = { wroteNs: 0n, vanished: 0, reappeared: 0 };
  const summary = summaryOf([
    { ...seen, name: 'a', openMs: 3, listMs: 13 },
    { ...seen, name: 'b', openMs: 30, listMs: 35, vanished: 2, reappeared: 2 },
    { ...seen, name: 'c', openMs: null, listMs: 9, vanished: 0 },
  ]);
  expect(summary).toMatchObject({
    open: { seen: 2, never: 1, p50Ms: 3, p99Ms: 30, maxMs: 30 },
    listAfterOpenMs: 5,
    vanished: 1,
    reappeared: 1,
    histogram: [
      { upToMs: 4, count: 1 },
      { upToMs: 8, count: 0 },
      { upToMs: 16, count: 0 },
      { upToMs: 32, count: 1 },
    ],
  });
});

describeWith(['fuse', 'fusermount'], 'a mirror that is slow on purpose', () => {
  it('delays what is opened there by as much', async () => {
    const rules = place.make('rules');
    const file = join(rules, 'rules.json');
    writeFileSync(
      file,
      JSON.stringify({ rules: [{ match: { op: ['open'] }, effect: { delay: { kind: 'fixed', ms: 300 } } }] }),
    );
    const source = place.make('slow-source');
    const mirror = await place.mirror(source, place.make('slow'), ['--faults', file]);
    const { stdout, stderr } = await probe(
      source,
      mirror.mountpoint,
      '--count',
      '3',
      '--interval',
      '1ms',
      '--json',
    );
    const { open } = JSON.parse(stdout || `"${stderr}"`) as ProbeSummary;
    expect(open).toMatchObject({ seen: 3, never: 0 });
    expect(open.p50Ms).toBeGreaterThanOrEqual(300);
  });
});

describeWith(['fuse', 'rclone'], 'rclone with a cache of directories', () => {
  it('shows a file that was written behind its back once the cache is old enough', async () => {
    const source = place.make('cloud');
    const daemon = await startDaemon(
      'rclone',
      [
        'mount',
        source,
        place.make('cloud-mount'),
        '--config=/dev/null',
        `--cache-dir=${source}-cache`,
        '--dir-cache-time=1s',
        '--poll-interval=0',
        '--attr-timeout=0s',
      ],
      source,
      join(source, '../cloud-mount'),
    );
    // The looker reads the directory before the first write, so that the cache holds a listing without it.
    const { stdout, stderr } = await probe(
      source,
      daemon.mountpoint,
      '--count',
      '1',
      '--timeout',
      '20s',
      '--json',
    );
    const { open, list } = JSON.parse(stdout || `"${stderr}"`) as ProbeSummary;
    expect([open.never, list.never]).toEqual([0, 0]);
    expect(open.maxMs).toBeGreaterThan(300);
  });
});
