// What a directory is really on: by mount tables of many kinds, and by the command line on real mounts.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mountChain } from '../../server/mounts/chain.ts';
import type { ChainLink } from '../../shared/chain.ts';
import { parseMountinfo } from '../../shared/mountinfo.ts';
import { bindfs, type Daemon } from '../support/daemons.ts';
import { Workplace } from '../support/mirror.ts';
import { describeWith } from '../support/requires.ts';
import { startTestServer } from '../support/server.ts';
import { freeze } from '../support/until.ts';

const CLI = join(import.meta.dirname, '../../server/cli/main.ts');

const TABLE = `
1 0 8:1 / / rw,relatime - ext4 /dev/vda1 rw
2 1 0:20 / /proc rw - proc proc rw
3 1 0:30 / /mnt rw - tmpfs tmpfs rw
4 3 0:41 / /mnt/low rw - fuse /srv/files rw,user_id=0
5 3 0:42 / /mnt/high rw - fuse.mergerfs /mnt/low/a:/mnt/low/b rw
6 1 0:50 / /var/lib/merged rw - overlay overlay rw,lowerdir=/layers/1:/layers/a\\134:b,upperdir=/mnt/high/up,workdir=/mnt/high/work
7 1 0:60 / /pods/data rw - virtiofs kataShared rw
8 1 8:1 /srv/files/deep /bound rw - ext4 /dev/vda1 rw
9 1 0:61 / /home rw - nfs4 server:/export rw
10 9 0:62 / /home/over rw - tmpfs first rw
11 10 0:63 / /home/over rw - tmpfs second rw
12 9 0:64 / /home rw - tmpfs hides rw
13 1 0:65 / /circle rw - fuse /circle/inside rw
14 1 0:66 / /remote rw - fuse.sshfs host:/files rw
`.trim();

const chain = (path: string) => mountChain(parseMountinfo(TABLE), path);
const short = (links: readonly ChainLink[]) =>
  links.map(({ depth, how, path, mountpoint, kind }) => `${depth} ${how} ${path} on ${mountpoint} ${kind}`);

describe('the chain of a directory', () => {
  it('goes from daemon to daemon down to a disk', () => {
    expect(short(chain('/mnt/high/x'))).toEqual([
      '0 asked for /mnt/high/x on /mnt/high fuse',
      '1 source /mnt/low/a on /mnt/low fuse',
      '2 source /srv/files on / disk',
      '1 source /mnt/low/b on /mnt/low fuse',
      '2 source /srv/files on / disk',
    ]);
    expect(chain('/mnt/high')[0]).toMatchObject({ connection: 42, fsType: 'fuse.mergerfs', root: '/' });
    expect(chain('/mnt/low')[1]).toMatchObject({ connection: null, source: '/dev/vda1' });
  });

  it('goes through the layers of an overlay, the upper one first, and through binds of a part', () => {
    expect(short(chain('/var/lib/merged/etc')).filter((line) => line.startsWith('1'))).toEqual([
      '1 upper layer /mnt/high/up on /mnt/high fuse',
      '1 lower layer /layers/1 on / disk',
      '1 lower layer /layers/a:b on / disk',
    ]);
    expect(short(chain('/bound/er/file'))).toEqual([
      '0 asked for /bound/er/file on /bound disk',
      '1 bind of /srv/files/deep/er/file on / disk',
    ]);
  });

  it('ends at what lies on another machine', () => {
    expect(short(chain('/pods/data/a'))).toEqual(['0 asked for /pods/data/a on /pods/data virtiofs']);
    expect(chain('/pods/data')[0]).toMatchObject({ source: 'kataShared', connection: 60 });
    expect(short(chain('/remote'))).toEqual(['0 asked for /remote on /remote fuse']);
  });

  it('takes what was mounted last over a place, and not what it hides', () => {
    expect(chain('/home/over')[0]).toMatchObject({ source: 'hides', kind: 'memory' });
    const before = parseMountinfo(TABLE.replace(/^12 .*\n/m, ''));
    expect(mountChain(before, '/home/over')[0]).toMatchObject({ source: 'second' });
    expect(mountChain(before, '/home/overt')[0]).toMatchObject({ kind: 'network', source: 'server:/export' });
    expect(chain('//mnt/./low/../high/')[0]).toMatchObject({ path: '/mnt/high', mountpoint: '/mnt/high' });
  });

  it('has an end where daemons lie over each other, and is empty without a root', () => {
    expect(chain('/circle').length).toBeLessThan(20);
    expect(mountChain([], '/a')).toEqual([]);
    expect(mountChain(parseMountinfo('5 5 0:1 / / rw - tmpfs x rw'), '/a')).toEqual([]);
  });
});

async function fusescope(...args: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  try {
    return { status: 0, ...(await promisify(execFile)(process.execPath, [CLI, 'mounts', ...args])) };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { status: code, stdout, stderr };
  }
}

describe('fusescope mounts --chain', () => {
  it('says what is wrong with what it is asked', async () => {
    expect(await fusescope('--pid', '1')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--chain is missing'),
    });
    expect(await fusescope('--chain', '/', '--pid', '4194305')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^fusescope: there is no process 4194305 /),
    });
    expect((await fusescope('--chain', '/', '--pid', 'x')).status).toBe(2);
    expect((await fusescope('--chain', 'a', '--pid', '1')).stderr).toContain('not absolute');
  });
});

describeWith(['root', 'fuse', 'bindfs', 'unshare'], 'fusescope mounts --chain on real mounts', () => {
  const place = new Workplace();
  let lower: Daemon;
  let upper: Daemon;
  let other: ChildProcess;

  beforeAll(async () => {
    lower = await bindfs(place, 'lower');
    upper = await bindfs(place, 'upper', [], lower.mountpoint);
    // In a mount namespace of its own: a bind of a part, an overlay, and a file system over the mount.
    const script = `
      mkdir -p "$0/part/deep" "$0/bound" "$0/work" "$0/top" "$0/merged"
      mount --bind "$0/part" "$0/bound"
      mount -t tmpfs scratch "$0/top" && mkdir "$0/top/up" "$0/top/work"
      mount -t overlay over -o "lowerdir=$0/part,upperdir=$0/top/up,workdir=$0/top/work" "$0/merged"
      mount -t tmpfs hiding "$1"
      echo there && exec cat`;
    other = spawn('unshare', ['--mount', 'sh', '-ec', script, place.dir, upper.mountpoint], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(other.stdout as NonNullable<typeof other.stdout>, 'data');
  });
  afterAll(async () => {
    lower.child.kill('SIGCONT');
    other.stdin?.end();
    await once(other, 'exit');
    await upper.unmount();
    await lower.unmount();
    await place.clean();
  });

  const chainOf = async (...args: string[]) => {
    const { stdout, stderr } = await fusescope('--json', '--chain', ...args);
    expect(stderr).toBe('');
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as ChainLink);
  };

  it('shows FUSE over FUSE, of which neither answers', async () => {
    await freeze(lower.pid);
    const links = await chainOf(join(upper.mountpoint, 'some/file'));
    lower.child.kill('SIGCONT');
    expect(links.slice(0, 3)).toMatchObject([
      { depth: 0, kind: 'fuse', mountpoint: upper.mountpoint, connection: upper.connection },
      { depth: 1, kind: 'fuse', how: 'source', path: lower.mountpoint, connection: lower.connection },
      { depth: 2, how: 'source', path: lower.source },
    ]);
    const table = (await fusescope('--chain', upper.mountpoint)).stdout;
    expect(table).toMatch(/^DIRECTORY +IS +KIND/);
    expect(table).toContain(`\n  ${lower.mountpoint}  `);
  });

  it('shows what a process in another mount namespace has there', async () => {
    const pid = String(other.pid);
    expect(await chainOf(upper.mountpoint, '--pid', pid)).toMatchObject([
      { kind: 'memory', source: 'hiding', mountpoint: upper.mountpoint },
    ]);
    const [bound, part] = await chainOf(join(place.dir, 'bound/deep'), '--pid', pid);
    expect(bound).toMatchObject({ mountpoint: join(place.dir, 'bound') });
    expect(part).toMatchObject({ how: 'bind of', path: join(place.dir, 'part/deep') });
    const merged = await chainOf(join(place.dir, 'merged'), '--pid', pid);
    expect(merged).toMatchObject([
      { kind: 'overlay', fsType: 'overlay' },
      { how: 'upper layer', path: join(place.dir, 'top/up'), kind: 'memory', source: 'scratch' },
      { how: 'lower layer', path: join(place.dir, 'part') },
    ]);
    expect((await chainOf(join(place.dir, 'merged')))[0]?.kind).not.toBe('overlay');
  });

  it('is answered by a server too, for one that hangs', async () => {
    await using server = await startTestServer({ args: ['--attach', 'none'] });
    const ask = (query: Record<string, string>) =>
      server.get<{ items: ChainLink[] }>('/api/mounts/chain', query);
    await freeze(lower.pid);
    const dir = join(upper.mountpoint, 'some/file');
    const { items } = await ask({ dir });
    lower.child.kill('SIGCONT');
    expect(items).toEqual(await chainOf(dir));
    expect((await ask({ dir: upper.mountpoint, pid: String(other.pid) })).items).toMatchObject([
      { kind: 'memory', source: 'hiding' },
    ]);
    const refused = async (query: string) => {
      const answer = await fetch(new URL(`/api/mounts/chain?${query}`, server.url));
      return { status: answer.status, ...((await answer.json()) as { message: string }) };
    };
    expect(await refused('dir=/&pid=4194305')).toMatchObject({
      status: 404,
      message: expect.stringContaining('there is no process 4194305'),
    });
    expect(await refused('dir=relative')).toMatchObject({ status: 400 });
  });
});
