// The same hundred calls on many file systems: what the tap tells of each is compared with what strace says was done.
// The one that fills a mount point (gocryptfs) apart, the test process touches no mount.
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Daemon } from '../../support/daemons.ts';
import { FILE_SYSTEMS } from '../../support/file-systems.ts';
import { run, Workplace } from '../../support/mirror.ts';
import { describeWith } from '../../support/requires.ts';
import { type Call, callsBelow } from '../../support/strace.ts';
import { describeTap, type Heard, listen } from './bpf.ts';
import {
  bytesOf,
  bytesTold,
  changesOf,
  changesTold,
  isWriteBack,
  pathsOf,
  pathsTold,
  type Told,
} from './done.ts';

const SCRIPT = join(import.meta.dirname, 'operations.pl');

function fill(directory: string): void {
  mkdirSync(join(directory, 'old/c'), { recursive: true });
  for (const name of ['a', 'b', 'c/d']) writeFileSync(join(directory, 'old', name), `this is ${name}`);
  symlinkSync('a', join(directory, 'old/link'));
}

/** Runs the script on a mount. @returns its calls there, and what was told of them. */
async function work(
  place: Workplace,
  mounted: Daemon,
  heard: Heard,
): Promise<{ calls: Call[]; told: Told[] }> {
  const log = join(place.dir, 'strace');
  const words = ['-y', '-xx', '-s', '4096', '-e', 'trace=%file,%desc', '-o', log, 'perl', SCRIPT];
  const { status, stderr } = await run('strace', [...words, mounted.mountpoint], { cwd: '/' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  await heard.heard('last');
  const calls = callsBelow(readFileSync(log, 'utf8'), mounted.mountpoint).slice(1);
  return { calls, told: heard.paths.filter(({ record }) => record.comm === 'perl') };
}

/** Whether the look-up of a path failed on the way to it: one that was told, of itself or of a directory above. */
function isExplained(path: string, missing: ReadonlySet<string>): boolean {
  return [...missing].some((one) => one === path || path.startsWith(`${one}/`));
}

describeTap('the tap beside strace', () => {
  for (const { name, needs, mount, writesBack } of FILE_SYSTEMS) {
    describeWith(['strace', ...needs], `on ${name}`, () => {
      test('tells every operation with its path and result', async () => {
        const place = new Workplace();
        let heard: Heard | null = null;
        try {
          const mounted = await mount(place, fill);
          heard = await listen([mounted]);
          const { calls, told } = await work(place, mounted, heard);
          expect(calls.length).toBeGreaterThan(80);

          const changes = changesOf(calls);
          expect(changesTold(told, changes)).toEqual(changes);
          const [written, wanted] = [bytesTold(heard.paths, 'write'), bytesOf(calls, 'write')];
          if (writesBack) expect(new Set(written.keys())).toEqual(new Set(wanted.keys()));
          else expect(written).toEqual(wanted);
          const reads = [...bytesOf(calls, 'read')].filter(
            ([path]) => !writesBack || path.startsWith('/old'),
          );
          expect(reads.length).toBeGreaterThan(2);
          expect([...bytesTold(told, 'read')]).toEqual(expect.arrayContaining(reads));

          const opens = pathsOf(calls, ({ name, args }) => name === 'openat' && !args.includes('O_CREAT'));
          expect(pathsTold(told, ['open', 'opendir'])).toEqual(opens);
          expect(pathsTold(told, ['readdir', 'readdirplus'])).toEqual(
            pathsOf(calls, ({ name }) => name === 'getdents64'),
          );
          expect(pathsTold(told, ['readlink'])).toEqual(pathsOf(calls, ({ name }) => name === 'readlink'));
          const missing = pathsTold(told, ['lookup'], 'ENOENT');
          const failed = calls.filter(({ error }) => error === 'ENOENT').map(({ path }) => path);
          expect(failed.length).toBeGreaterThan(10);
          expect(failed.filter((path) => !isExplained(path, missing))).toEqual([]);
          const nameless = told.filter((one) => one.path?.startsWith('#') && !isWriteBack(one));
          expect(nameless).toEqual([]);
          expect(heard.losses).toEqual([]);
        } finally {
          await heard?.tap.close();
          await place.clean();
        }
      });
    });
  }
});
