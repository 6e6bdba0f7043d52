// Directories that are renamed by some while others look into them: every path that is told must have been so at some
// time of the operation.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Daemon } from '../../support/daemons.ts';
import { run } from '../../support/mirror.ts';
import { describeTap, type Heard, TapPlace } from './bpf.ts';

const RENAMES = 1500;

/** From when to when a directory may have had a name, CLOCK_MONOTONIC in ns. */
interface Held {
  path: string;
  fromNs: number;
  untilNs: number;
}

/** Names of a directory, of renames in the order of their beginnings: each holds for as long as it may have. */
function history(first: string, renames: readonly { to: string; startNs: number; endNs: number }[]): Held[] {
  const held: Held[] = [{ path: first, fromNs: 0, untilNs: Number.POSITIVE_INFINITY }];
  for (const { to, startNs, endNs } of renames) {
    (held.at(-1) as Held).untilNs = endNs;
    held.push({ path: to, fromNs: startNs, untilNs: Number.POSITIVE_INFINITY });
  }
  return held;
}

describeTap('directories renamed while others work below them', () => {
  const place = new TapPlace();
  let mounted: Daemon;
  let heard: Heard;

  beforeAll(async () => {
    mounted = await place.mount();
    heard = await place.tap([mounted]);
  });
  afterAll(() => place.clean());

  test('are shown where they were', async () => {
    const { mountpoint } = mounted;
    expect((await run('mkdir', ['-p', `${mountpoint}/a/x`, `${mountpoint}/other`])).status).toBe(0);
    // Two that rename, an upper directory and the one in it, which the upper one's name does not hinder as it works from
    // within; two that look for names in the lower one, from within too.
    const renamer = (cwd: string, one: string, two: string) => {
      const script =
        'my ($n, $a, $b) = @ARGV; for (1 .. $n) { rename $a, $b or die "$a $!"; ($a, $b) = ($b, $a) }';
      return { cwd, words: ['-e', script, String(RENAMES), one, two] };
    };
    const looker = (prefix: string) => ({
      cwd: `${mountpoint}/a/x`,
      words: ['-e', 'my ($p) = @ARGV; my $i; stat "$p-" . ++$i while 1', prefix],
    });
    // All stand where they work before the first name is changed.
    const start = ({ cwd, words }: { cwd: string; words: string[] }) =>
      spawn('sh', ['-c', 'echo there; read go; exec perl "$@"', 'sh', ...words], {
        cwd,
        stdio: ['pipe', 'pipe', 'inherit'],
      });
    const renamers = [renamer(mountpoint, 'a', 'other/b'), renamer(`${mountpoint}/a`, 'x', 'y')].map(start);
    const lookers = [looker('in-1'), looker('in-2')].map(start);
    await Promise.all([...renamers, ...lookers].map((child) => once(child.stdout, 'data')));
    const ended = renamers.map((child) => once(child, 'exit'));
    for (const child of lookers) child.stdin.end('go\n');
    await heard.heard('in-1-100');
    await heard.heard('in-2-100');
    for (const child of renamers) child.stdin.end('go\n');
    const ends = await Promise.all(ended);
    for (const child of lookers) child.kill('SIGKILL');
    expect(ends).toEqual([
      [0, null],
      [0, null],
    ]);
    await run('stat', [`${mountpoint}/last`]);
    await heard.heard('last');
    expect(heard.losses).toEqual([]);

    const renames = [...heard.of('rename'), ...heard.of('rename2')]
      .filter(({ errno }) => errno === 0)
      .sort((one, two) => one.startNs - two.startNs);
    const of = (names: readonly string[], prefix: string) =>
      renames
        .filter(({ newName }) => names.includes(newName ?? ''))
        .map(({ newName, startNs, durationNs }) => ({
          to: newName === 'b' ? `${prefix}other/b` : `${prefix}${newName}`,
          startNs,
          endNs: startNs + (durationNs ?? 0),
        }));
    const upper = history('/a', of(['a', 'b'], '/'));
    const lower = history('x', of(['x', 'y'], ''));
    expect([upper.length, lower.length]).toEqual([RENAMES + 1, RENAMES + 1]);

    const looks = heard.paths.filter(({ record }) => record.name?.startsWith('in-'));
    const wrong: string[] = [];
    let met = 0;
    for (const { record, path } of looks) {
      const endNs = record.startNs + (record.durationNs ?? 0);
      const names = (held: readonly Held[]) =>
        held.filter(({ fromNs, untilNs }) => fromNs <= endNs && untilNs >= record.startNs);
      const possible = names(upper).flatMap((above) =>
        names(lower).map((below) => `${above.path}/${below.path}/${record.name}`),
      );
      if (!possible.includes(path ?? '')) wrong.push(`${path}, not one of ${possible.join(' ')}`);
      if (possible.length > 1) met++;
    }
    expect(wrong).toEqual([]);
    // Some were renamed just while they were looked into.
    expect(met).toBeGreaterThan(10);
  });
});
