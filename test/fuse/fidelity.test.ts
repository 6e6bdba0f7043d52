// What programs do on a mirror gives what it gives on a plain directory: same output, same tree. Each script runs on
// a real mount and on a plain directory beside it, and both results are compared.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bash, type Ended, type Mirror, run, Workplace } from '../support/mirror.ts';
import { describeWith } from '../support/requires.ts';
import type { Entry } from '../support/snapshot.ts';

const SNAPSHOT = new URL('../support/snapshot.ts', import.meta.url).pathname;
const STEPS = new URL('../support/fs-steps.ts', import.meta.url).pathname;
const SHORT_XATTR = new URL('xattr-short.c', import.meta.url).pathname;
const GIT = {
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'a',
  GIT_AUTHOR_EMAIL: 'a@example.org',
  GIT_AUTHOR_DATE: '2024-01-01T00:00:00Z',
  GIT_COMMITTER_NAME: 'a',
  GIT_COMMITTER_EMAIL: 'a@example.org',
  GIT_COMMITTER_DATE: '2024-01-01T00:00:00Z',
};

describeWith(['root', 'fuse'], 'a mirror under real programs', () => {
  const place = new Workplace();
  const fixture = join(place.dir, 'fixture');
  let mirror: Mirror;
  let source = '';
  let plain = '';

  beforeAll(async () => {
    place.make('fixture');
    const made = await bash(
      `mkdir -p tree/sub/deeper tree/empty
       for i in $(seq 60); do head -c $((i * 997)) /dev/urandom > tree/sub/file-$i; done
       seq 20000 > tree/big.txt; head -c 3000000 /dev/urandom > tree/sub/deeper/blob
       ln tree/sub/file-1 tree/hard-1; ln tree/sub/file-1 tree/sub/hard-2
       ln -s sub/file-2 tree/link; ln -s /nowhere/at/all tree/dangling
       mkfifo tree/pipe; chmod 640 tree/sub/file-3; chmod 4755 tree/sub/file-4; chmod 2775 tree/empty
       chown 1234:5678 tree/sub/file-5; chown -h 1234:5678 tree/link
       setfattr -n user.colour -v green tree/sub/file-6; setfattr -n user.note -v dir tree/sub
       find tree -exec touch -h -d '2021-02-03T04:05:06.123456789' {} +
       touch -d '1999-12-31T23:59:59.987654321' tree/sub/file-7; touch -h -d '2003-03-03' tree/dangling
       tar -cf tree.tar --xattrs tree
       git init -q --bare repo.git; git clone -q repo.git work 2>/dev/null
       cd work; cp -r ../tree/sub .; git add .; git commit -qm one; git mv sub moved; git commit -qm two
       git push -q origin HEAD; cd ..; rm -rf work`,
      fixture,
      GIT,
    );
    expect(made.stderr).toBe('');
    source = place.make('source');
    plain = place.make('plain');
    // Made directly: the point is to read them.
    await bash(`mkdir many; cd many; seq -f 'entry-%.0f' 0 49999 | xargs touch`, source);
    await bash(`mkdir many; cd many; seq -f 'entry-%.0f' 0 49999 | xargs touch`, plain);
    mirror = await place.mirror(source, place.make('mount'));
  }, 120_000);

  afterAll(() => place.clean());

  const at = (dir: string, name: string) => join(dir, name);

  /** Runs the script in a new directory on the mount and in one beside it. */
  async function both(
    name: string,
    script: string,
    env: Record<string, string> = {},
  ): Promise<[Ended, Ended]> {
    const results = await Promise.all(
      [mirror.mountpoint, plain].map(async (dir) => {
        await bash(`mkdir ${name}`, dir);
        return bash(script, at(dir, name), { FIXTURE: fixture, ...env });
      }),
    );
    return results as [Ended, Ended];
  }

  async function snapshot(dir: string, ignore: RegExp = /^$/): Promise<Entry[]> {
    const { stdout, stderr } = await run(process.execPath, [SNAPSHOT, dir]);
    expect(stderr).toBe('');
    return stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Entry)
      .filter((entry) => !ignore.test(entry.path));
  }

  const withoutTimes = (entries: Entry[]) => entries.map((entry) => ({ ...entry, mtimeNs: '' }));

  /**
   * The mount shows what is in the source, and that is what the plain directory holds.
   * @param times whether the script gave every entry its time.
   */
  async function expectSameTree(name: string, times: boolean, ignore?: RegExp): Promise<void> {
    const shown = await snapshot(at(mirror.mountpoint, name), ignore);
    expect(shown).toEqual(await snapshot(at(source, name), ignore));
    const plainly = await snapshot(at(plain, name), ignore);
    if (times) expect(shown.slice(1)).toEqual(plainly.slice(1));
    else expect(withoutTimes(shown)).toEqual(withoutTimes(plainly));
  }

  it('gives every single operation its plain result', async () => {
    const [mounted, plainly] = await Promise.all(
      [mirror.mountpoint, plain].map((dir) => run(process.execPath, [STEPS], { cwd: dir })),
    );
    expect(mounted?.stderr).toBe('');
    expect(JSON.parse(mounted?.stdout ?? '')).toEqual(JSON.parse(plainly?.stdout ?? ''));
  });

  it('git clone, commit, gc, fsck', async () => {
    const [mounted, plainly] = await both(
      'git',
      `git clone -q --no-hardlinks $FIXTURE/repo.git w; cd w; seq 500 > new; git add .; git commit -qm three
       git rm -qr moved/deeper; git commit -qm four; git gc -q --prune=now; git fsck --strict 2>&1
       git log --format=%H%s; git status --porcelain; git count-objects -v | grep -v size; git diff --stat HEAD~2`,
      GIT,
    );
    expect(mounted).toEqual(plainly);
    expect(mounted.status).toBe(0);
    await expectSameTree('git', false, /\.git(\/|$)/);
  });

  it('tar x keeps modes, owners, links and times', async () => {
    const [mounted, plainly] = await both(
      'tar',
      'tar -xpf $FIXTURE/tree.tar --xattrs && tar -df $FIXTURE/tree.tar',
    );
    expect(mounted).toEqual(plainly);
    expect(mounted).toMatchObject({ status: 0, stderr: '' });
    await expectSameTree('tar', true);
  });

  it('rsync transfers nothing the second time', async () => {
    const [mounted, plainly] = await both(
      'rsync',
      `rsync -aHX $FIXTURE/tree/ . ; rsync -aHX --modify-window=-1 -i $FIXTURE/tree/ .`,
    );
    expect(mounted).toEqual(plainly);
    expect(mounted).toMatchObject({ status: 0, stdout: '' });
    await expectSameTree('rsync', true);
  });

  it('cp -a keeps content, mode, owner, link count, times, symlinks and attributes', async () => {
    const [mounted, plainly] = await both(
      'cp',
      'cp -a $FIXTURE/tree . && getfattr -h -d -R -m user. tree && cp -a tree again && diff -r --no-dereference tree/sub again/sub',
    );
    expect(mounted).toEqual(plainly);
    expect(mounted).toMatchObject({ status: 0, stderr: '' });
    expect(mounted.stdout).toContain('user.colour="green"');
    await expectSameTree('cp', true);
  });

  it('getxattr and listxattr with short buffers', async () => {
    await bash(`cc -o xattr-short ${SHORT_XATTR}`, fixture);
    const [mounted, plainly] = await both(
      'xattr',
      `touch f; setfattr -n user.long -v $(printf 'x%.0s' $(seq 300)) f; $FIXTURE/xattr-short f
       setfattr -x user.long f; getfattr -d f; setfattr -x user.none f`,
    );
    expect(mounted).toEqual(plainly);
    expect(mounted.stdout).toContain('getxattr 10: -1 errno 34');
  });

  it('special files', async () => {
    const [mounted, plainly] = await both(
      'special',
      `mkfifo p; mknod c c 1 3; (echo through > p &); cat p; stat -c '%n %F %t:%T' p c
       fallocate -l 100000 f; fallocate -p -o 4096 -l 8192 f; stat -c '%s %b' f`,
    );
    expect(mounted).toEqual(plainly);
    expect(mounted.stdout).toContain('through');
  });

  it('files of another user belong to that user, and permissions hold', async () => {
    const shared = await place.mirror(place.make('shared-source'), place.make('shared-mount'), [
      '--allow-other',
    ]);
    const beside = place.make('shared-plain');
    // Others reach the mount only through directories that they may enter.
    await bash(`chmod 755 ${place.dir}`, '/');
    const script = `chmod 777 .; mkdir -m 2777 group; chgrp 777 group; echo secret > s; chmod 600 s; setpriv --reuid 1000 --regid 1001 --clear-groups bash -c '
      echo mine > m; mkdir d; ln -s m l; echo x > group/g; mkdir group/sub; stat -c "%n %u:%g %a" m d l group/g group/sub
      cat s; rm m; chown 0 d; chmod 700 d; stat -c "%a" d' 2>&1 || true; stat -c '%n %u:%g' *`;
    const [mounted, plainly] = await Promise.all([shared.mountpoint, beside].map((dir) => bash(script, dir)));
    expect(mounted).toEqual(plainly);
    expect(mounted?.stdout).toContain('m 1000:1001 644');
    expect(mounted?.stdout).toContain('group/g 1000:777');
    expect(mounted?.stdout).toContain('Permission denied');
  });

  it('npm ci of a local package', async () => {
    await bash(
      `mkdir -p dep; cd dep; echo '{"name":"dep","version":"1.0.0","bin":{"dep":"d.js"}}' > package.json
       printf '#!/usr/bin/env node\\nconsole.log("from dep")\\n' > d.js; chmod +x d.js; npm pack --silent`,
      fixture,
    );
    const [mounted, plainly] = await both(
      'npm',
      `cp $FIXTURE/dep/dep-1.0.0.tgz .; echo '{"name":"x","version":"1.0.0","dependencies":{"dep":"file:dep-1.0.0.tgz"}}' > package.json
       npm install --offline --silent --package-lock-only; npm ci --offline --silent; node_modules/.bin/dep; find . | sort`,
      { npm_config_cache: join(fixture, 'npm-cache') },
    );
    expect(mounted).toEqual(plainly);
    expect(mounted.stdout).toContain('from dep');
  });

  describeWith(['sqlite3'], 'sqlite3', () => {
    it.each(['delete', 'truncate', 'wal'])('journal_mode=%s', async (journal) => {
      const [mounted, plainly] = await both(
        `sqlite-${journal}`,
        `sqlite3 db "pragma journal_mode=${journal}; create table t(a integer primary key, b); begin;
           with recursive n(i) as (values(1) union all select i+1 from n where i<5000) insert into t select i, hex(i*i) from n; commit;"
         for i in $(seq 10); do sqlite3 db "insert into t(b) values(hex($i)); delete from t where a % 97 = $i" & done; wait
         sqlite3 -cmd '.timeout 5000' db 'begin; delete from t; rollback; pragma integrity_check; vacuum; select count(*) >= 4000 from t'`,
      );
      expect(mounted.stdout).toEqual(plainly.stdout);
      expect(mounted.stdout).toContain('ok\n1\n');
    });
  });

  describeWith(['fio'], 'fio', () => {
    it.each([
      ['random writes', '--rw=randwrite --bs=4k --size=8m --fallocate=none'],
      ['mixed sizes over four files', '--rw=randrw --bsrange=1k-128k --size=8m --nrfiles=4'],
      ['mapped memory', '--rw=randwrite --bs=4k --size=4m --ioengine=mmap'],
    ])('verifies %s', async (_name, options) => {
      const { status, stdout, stderr } = await bash(
        `fio --name=v --directory=. --verify=crc32c --do_verify=1 --verify_fatal=1 --output-format=terse ${options}`,
        mirror.mountpoint,
      );
      expect(`${stdout}${stderr}`).not.toMatch(/verify:|error=/);
      expect(status).toBe(0);
    });
  });

  it('direct I/O reads what was written', async () => {
    const direct = await place.mirror(place.make('direct-source'), place.make('direct-mount'), [
      '--direct-io',
    ]);
    const { stdout, status } = await bash(
      'cp $FIXTURE/tree/sub/deeper/blob .; cmp blob $FIXTURE/tree/sub/deeper/blob; echo same',
      direct.mountpoint,
      { FIXTURE: fixture },
    );
    expect([stdout, status]).toEqual(['same\n', 0]);
    expect(readFileSync(join(direct.source, 'blob')).length).toBe(3_000_000);
  });

  it('says nothing while it works', () => {
    expect(mirror.stderr()).toBe('');
  });
});
