import { describe, expect, it } from 'vitest';
import { assignWaiters } from '../../../fuse/kernel/discovery/blocked.ts';
import { findConnections } from '../../../fuse/kernel/discovery/connections.ts';
import { chooseDaemons, connectionOf, type Holder } from '../../../fuse/kernel/discovery/daemons.ts';
import { parseMountinfo } from '../../../shared/mountinfo.ts';

const HOST = `23 27 0:22 / /sys rw,relatime - sysfs sysfs rw
40 27 0:61 / /mnt/nas rw,nosuid shared:3 - fuse.sshfs user@nas:/export rw,user_id=0,group_id=0,max_read=131072
41 27 0:61 /photos /srv/photos rw - fuse.sshfs user@nas:/export rw,user_id=0,group_id=0
42 27 0:62 / /mnt/with\\040space\\011tab rw - fuse /data\\134x rw,user_id=0,group_id=0
43 27 8:17 / /mnt/usb rw - fuseblk /dev/sdb1 rw,user_id=0
44 27 0:63 / /mnt/share rw,relatime - virtiofs shared0 rw
45 27 0:64 / /sys/fs/fuse/connections rw - fusectl none rw
`;
const CONTAINER = `90 80 0:61 /photos /photos rw - fuse.sshfs user@nas:/export rw
91 80 0:70 / /data rw - fuse.s3fs bucket rw
`;

describe('connections', () => {
  const found = findConnections([
    { namespace: null, entries: parseMountinfo(HOST) },
    { namespace: '4026532261', entries: parseMountinfo(CONTAINER) },
  ]);

  it('are one each, with bind mounts and mounts in other namespaces beside', () => {
    expect(found.get(61)).toEqual({
      connection: 61,
      points: ['/mnt/nas', '/srv/photos', '/photos'],
      fsType: 'fuse.sshfs',
      source: 'user@nas:/export',
      options: 'rw,nosuid,rw,user_id=0,group_id=0,max_read=131072',
      namespace: null,
    });
    expect([...found.keys()]).not.toContain(64);
  });

  it('of a container alone tell its namespace', () => {
    expect(found.get(70)).toMatchObject({ points: ['/data'], namespace: '4026532261' });
  });

  it('have their names without escapes', () => {
    expect(found.get(62)).toMatchObject({ points: ['/mnt/with space\ttab'], source: '/data\\x' });
  });

  it('on a block device have the number of that device', () => {
    expect(found.get(8 * 2 ** 20 + 17)).toMatchObject({ points: ['/mnt/usb'], fsType: 'fuseblk' });
  });

  it('of virtiofs are among them', () => {
    expect(found.get(63)).toMatchObject({ fsType: 'virtiofs', source: 'shared0' });
  });

  it('prefer the whole mount to a bind of a part that comes first', () => {
    const entries = parseMountinfo(HOST.split('\n').reverse().join('\n'));
    expect(findConnections([{ namespace: null, entries }]).get(61)?.points).toEqual([
      '/mnt/nas',
      '/srv/photos',
    ]);
  });
});

describe('the daemon of a connection', () => {
  const holder = (
    pid: number,
    comm: string,
    startTicks: number,
    connections: number[],
    nameless = 0,
  ): Holder => ({
    pid,
    comm,
    startTicks,
    connections,
    nameless,
    state: 'S',
  });
  const choose = (holders: Holder[], ...wanted: [number, string][]) =>
    [
      ...chooseDaemons(
        holders,
        wanted.map(([connection, fsType]) => ({ connection, fsType })),
      ),
    ].map(([connection, { pid }]) => [connection, pid]);

  it('is read from fdinfo', () => {
    expect(connectionOf('pos:\t0\nflags:\t0100002\nmnt_id:\t24\nino:\t90\nfuse_connection:\t40\n')).toBe(40);
    expect(connectionOf('pos:\t0\nflags:\t0100002\n')).toBe(null);
  });

  it('is the oldest holder of its device, not a child that inherited it', () => {
    expect(choose([holder(900, 'sh', 50, [7]), holder(901, 'sshfs', 40, [7])], [7, 'fuse.sshfs'])).toEqual([
      [7, 901],
    ]);
  });

  it('is fusermount only if nobody else holds it', () => {
    const helper = holder(10, 'fusermount3', 1, [7]);
    expect(choose([helper, holder(11, 'rclone', 2, [7])], [7, 'fuse.rclone'])).toEqual([[7, 11]]);
    expect(choose([helper], [7, 'fuse.rclone'])).toEqual([[7, 10]]);
  });

  it('is not guessed where the kernel tells no numbers', () => {
    const sshfs = [holder(1, 'sshfs', 1, [], 1), holder(2, 'sshfs', 2, [], 1)];
    expect(choose(sshfs, [7, 'fuse.sshfs'], [8, 'fuse.sshfs'])).toEqual([]);
    expect(
      choose(
        [holder(1, 'sshfs', 1, [], 1), holder(2, 'rclone', 2, [], 1)],
        [7, 'fuse.sshfs'],
        [8, 'fuse.rclone'],
      ),
    ).toEqual([
      [7, 1],
      [8, 2],
    ]);
    expect(choose([holder(1, 'bindfs', 1, [], 1)], [7, 'fuse'])).toEqual([[7, 1]]);
    expect(choose([holder(1, 'bindfs', 1, [], 1)], [7, 'virtiofs'])).toEqual([]);
  });
});

describe('who waits', () => {
  const waiter = (tid: number, ...places: string[]) => ({
    ...{ pid: tid, tid, comm: 'ls', places },
    ...{ call: null, switches: 1 },
  });
  const mounts = [
    { key: 'a', points: ['/mnt/a'] },
    { key: 'inner', points: ['/mnt/a/inner', '/x'] },
  ];

  it('is laid to the innermost mount of a place', () => {
    const found = assignWaiters(
      [waiter(1, '/mnt/a/f'), waiter(2, '/mnt/a/inner'), waiter(3, '/mnt/ab', '/x/y')],
      mounts,
    );
    expect(found.get('a')?.map(({ tid }) => tid)).toEqual([1]);
    expect(found.get('inner')?.map(({ tid }) => tid)).toEqual([2, 3]);
  });

  it('without a place belongs to the only mount that is waited for, and to none of several', () => {
    expect(assignWaiters([waiter(1, '/home')], mounts.slice(0, 1)).get('a')).toHaveLength(1);
    expect([...assignWaiters([waiter(1, '/home')], mounts).values()].flat()).toEqual([]);
  });
});
