// Logs of file systems that have a form of their own: lines as they print them (see the source that each reader names).
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lines, local, readLog, utc } from '../reading.ts';

describe('FuseStream', () => {
  it('pairs interleaved operations by dur=, and leaves open what has no EXIT', () => {
    const { operations, report } = readLog(
      lines(`
        2025/10/01 12:00:00.100000 [FUSE] Read ENTER fh=1 off=0 len=131072
        2025/10/01 12:00:00.101000 [FUSE] Read ENTER fh=2 off=4096 len=131072
        2025/10/01 12:00:00.102000 [FUSE] Open ENTER path="/a film.mkv"
        2025/10/01 12:00:00.103000 [FUSE] Read EXIT  dur=2.0ms
        2025/10/01 12:00:00.105000 [FUSE] Read EXIT  dur=5.0ms n=131072
        2025/10/01 12:00:00.106000 [FUSE] Getattr ENTER path=/gone
        2025/10/01 12:00:00.106400 [FUSE] Getattr EXIT  dur=400µs err="no such file or directory"`),
    );
    expect(report).toMatchObject({
      format: 'fusestream',
      lines: 7,
      spans: 4,
      open: 1,
      unpaired: 0,
      rejected: 0,
    });
    expect(operations).toMatchObject([
      { op: 'read', fh: 2, offset: 4096, durNs: 2e6, state: 'done', errno: 0 },
      { op: 'read', fh: 1, durNs: 5e6, bytes: 131072, tsUs: local('2025-10-01T12:00:00.100') },
      { op: 'getattr', path: '/gone', durNs: 4e5, errno: 2 },
      { op: 'open', path: '/a film.mkv', state: 'open', durNs: null },
    ]);
  });

  it('does not end a stuck operation with the EXIT of one whose ENTER is missing', () => {
    const { operations, report } = readLog(
      lines(`
        2025/10/01 12:00:00.000000 [FUSE] Read ENTER fh=1 off=0 len=1
        2025/10/01 12:00:09.000000 [FUSE] Read EXIT  dur=1ms
        2025/10/01 12:00:09.500000 [FUSE] Write EXIT  dur=3ms`),
    );
    expect(report).toMatchObject({ spans: 3, open: 1, unpaired: 2 });
    expect(operations.find((one) => one.op === 'read' && one.state === 'open')).toMatchObject({ fh: 1 });
    expect(operations.find((one) => one.op === 'write')).toMatchObject({ state: 'lost', durNs: 3e6 });
  });

  it('reads lines without times: in order, with the durations they tell', () => {
    const { operations } = readLog(
      '[FUSE] Read ENTER fh=1\n[FUSE] Read ENTER fh=2\n[FUSE] Read EXIT  dur=2.3ms\n',
    );
    expect(operations).toMatchObject([
      { fh: 1, durNs: 2_300_000, state: 'done' },
      { fh: 2, state: 'open' },
    ]);
  });
});

describe('FuseStream, which numbers nothing', () => {
  it('ends the operation that began nearest to EXIT minus dur, the first of those that began together', () => {
    const step = fc.record({ afterMs: fc.integer({ min: -30, max: 60 }), durMs: fc.option(fc.nat(120)) });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        let nowMs = 40_000;
        const open: { path: string; atMs: number }[] = [];
        const ends = new Map<string, number>();
        const text = steps.map(({ afterMs, durMs }, i) => {
          nowMs += afterMs;
          const stamp = `2026/01/31 12:00:${(nowMs / 1_000).toFixed(3).padStart(6, '0')}`;
          if (durMs === null) {
            open.push({ path: `/${i}`, atMs: nowMs });
            return `${stamp} [FUSE] Open ENTER path=/${i}\n`;
          }
          const off = (one: { atMs: number }) => Math.abs(one.atMs - (nowMs - durMs));
          const [best] = open.toSorted((a, b) => off(a) - off(b) || a.atMs - b.atMs);
          if (best && off(best) <= 50) {
            ends.set(best.path, durMs * 1e6);
            open.splice(open.indexOf(best), 1);
          }
          return `${stamp} [FUSE] Open EXIT  dur=${durMs}ms\n`;
        });
        const { operations } = readLog(text.join(''), { format: 'fusestream' });
        const done = operations.filter(({ state, path }) => state === 'done' && path !== null);
        expect(new Map(done.map(({ path, durNs }) => [path, durNs]))).toEqual(ends);
      }),
    );
  });
});

describe('formats that are stamped when an operation is done', () => {
  it('JuiceFS', () => {
    const { operations, report } = readLog(
      lines(`
        #
        2021.01.15 08:26:11.003330 [uid:7,gid:8,pid:4403] write (17669,8666,4993160): OK <0.000010>
        2021.01.15 08:26:12.000000 [uid:0,gid:0,pid:1] lookup (1,a, b): OK (17,[-rw-r--r--:0100644,1,0,0,0,0,0,3]) <0.002000>
        2021.01.15 08:26:13.000000 [uid:0,gid:0,pid:1] lookup (1,nope): no such file or directory <0.000005>
        2021.01.15 08:26:14.000000 [uid:0,gid:0,pid:1] lookup (1,x): OK (18,[]) <0.000005>
        2021.01.15 08:26:15.000000 [uid:0,gid:0,pid:1] getattr (18): OK (18,[]) <1.500000>
        2021.01.15 08:26:15.000000 [uid:0,gid:0,pid:1] getattr (18): O`),
    );
    expect(report).toMatchObject({ format: 'juicefs', lines: 7, spans: 5, rejected: 1 });
    expect(report.rejections).toMatchObject([{ line: 7, reason: 'the line is cut' }]);
    expect(operations[0]).toMatchObject({
      op: 'write',
      nodeid: 17669,
      size: 8666,
      offset: 4993160,
      uid: 7,
      pid: 4403,
      durNs: 10_000,
      tsUs: local('2021-01-15T08:26:11.003') + 320,
    });
    expect(operations[2]).toMatchObject({ path: '/nope', errno: 2 });
    expect(operations[4]).toMatchObject({ op: 'getattr', path: '/x', durNs: 1_500_000_000 });
  });

  it('LoggedFS, whose reads and writes come twice', () => {
    const { operations, report, mounts } = readLog(
      lines(`
        2018-03-21 15:32:15,000 INFO [default] LoggedFS starting at /var.
        2018-03-21 15:32:15,375 INFO [default] getattr /var/ {SUCCESS} [ pid = 934 /usr/sbin/VBoxService uid = 0 ]
        2018-03-21 15:32:15,400 INFO [default] read 4096 bytes from /var/a b at offset 8 {SUCCESS} [ pid = 9 cat uid = 5 ]
        2018-03-21 15:32:17,400 INFO [default] 3 bytes read from /var/a b at offset 8 {SUCCESS} [ pid = 9 cat uid = 5 ]
        2018-03-21 15:32:18,000 ERROR [default] getattr /var/nope {FAILURE} [ pid = 9 cat uid = 5 ]
        2018-03-21 15:32:18,100 INFO [default] rename /var/a to /var/b {SUCCESS} [ pid = 9 mv uid = 5 ]
        2018-03-21 15:32:18,200 INFO [default] chmod /var/b to 100600 {SUCCESS} [ pid = 9 chmod uid = 5 ]
        2018-03-21 15:32:18,300 INFO [default] write 4 bytes to /var/b at offset 0 {SUCCESS} [ pid = 9 cp uid = 5 ]`),
    );
    expect(report).toMatchObject({ format: 'loggedfs', spans: 6, open: 1, rejected: 0, foreign: 0 });
    expect(mounts).toContain('/var');
    expect(operations).toMatchObject([
      { op: 'getattr', path: '/', comm: 'VBoxService', durNs: null, errno: 0, mount: '/var' },
      { op: 'read', path: '/a b', size: 4096, bytes: 3, offset: 8, durNs: 2e9, uid: 5 },
      { op: 'getattr', path: '/nope', errno: null, args: { result: 'FAILURE' } },
      { op: 'rename', path: '/a', newPath: '/b' },
      { op: 'chmod', path: '/b' },
      { op: 'write', path: '/b', size: 4, state: 'open' },
    ]);
  });
});

describe('rclone -vv', () => {
  it('pairs by object and call, and counts no operation twice that the VFS below logs too', () => {
    const { operations, report } = readLog(
      lines(`
        2021/01/30 11:30:06 DEBUG : rclone: Version "v1.60.1-DEV" starting with parameters ["rclone" "mount"]
        2021/01/30 11:30:06 DEBUG : rclonetest/test.txt: Open: flags=OpenReadOnly
        2021/01/30 11:30:06 DEBUG : rclonetest/test.txt: Open: flags=O_RDONLY
        2021/01/30 11:30:06 DEBUG : rclonetest/test.txt: >Open: fd=rclonetest/test.txt (r), err=<nil>
        2021/01/30 11:30:06 DEBUG : rclonetest/test.txt: >Open: fh=&{rclonetest/test.txt (r)}, err=<nil>
        2021/01/30 11:30:06 DEBUG : &{rclonetest/test.txt (r)}: Read: len=4096, offset=512
        2021/01/30 11:30:08 DEBUG : &{rclonetest/test.txt (r)}: >Read: read=3, err=<nil>
        2021/01/30 11:30:08 DEBUG : /: Lookup: name="n\\"o"
        2021/01/30 11:30:08 DEBUG : /: >Lookup: node=<nil>, err=no such file or directory
        2021/01/30 11:30:08 ERROR : test.txt: Failed to copy: connection reset by peer
        2021/01/30 11:30:09 DEBUG : /: Rename: oldName="new", newName="newer", newDir=/sub`),
    );
    expect(report).toMatchObject({ format: 'rclone', spans: 4, open: 1, problems: 1, foreign: 0 });
    expect(operations).toMatchObject([
      { op: 'open', path: '/rclonetest/test.txt', errno: 0, durNs: null },
      { op: 'read', path: '/rclonetest/test.txt', size: 4096, offset: 512, bytes: 3, durNs: 2e9 },
      { op: 'lookup', path: '/n"o', errno: 2 },
      { op: 'rename', path: '/new', newPath: '/sub/newer', state: 'open' },
    ]);
  });
});

it('s3fs, which tells of no ends', () => {
  const { operations, report } = readLog(
    lines(`
      2026-08-22T10:11:12.345Z [INF] s3fs.cpp:s3fs_getattr(926): [path=/a.txt][pid=4403,uid=1000,gid=1001]
      2026-08-22T10:11:12.400Z [INF]       curl.cpp:HeadRequest(3087): [tpath=/a.txt]
      2026-08-22T10:11:13.000Z [ERR] curl.cpp:RequestPerform(2411): ### CURLE_COULDNT_RESOLVE_HOST
      2026-08-22T10:11:13.345Z [INF] s3fs.cpp:s3fs_rename(1500): [from=/a.txt][to=/b.txt]`),
  );
  expect(report).toMatchObject({ format: 's3fs', spans: 2, open: 0, problems: 1 });
  expect(operations).toMatchObject([
    {
      op: 'getattr',
      path: '/a.txt',
      pid: 4403,
      uid: 1000,
      gid: 1001,
      state: 'lost',
      tsUs: utc('2026-08-22T10:11:12.345Z'),
    },
    { op: 'rename', path: '/a.txt', newPath: '/b.txt', state: 'lost' },
  ]);
});

describe('s3fs', () => {
  const read = (text: string) => readLog(lines(text), { format: 's3fs' });

  it('takes names with brackets, handles, and what a link leads to', () => {
    const { operations } = read(`
      2026-08-22T10:11:12.345Z [INF] s3fs.cpp:s3fs_flush(2398): [path=/b c].txt][pseudo_fd=2]
      2026-08-22T10:11:12.345Z [INF] s3fs.cpp:s3fs_access(3455): [path=/][x]][mask=X_OK ]
      2026-08-22T10:11:12.345Z [INF] s3fs.cpp:s3fs_symlink(1173): [from=../a][to=/l]
      2026-08-22T10:11:12.345Z [INF]   s3fs.cpp:s3fs_chown_nocopy(1905): [path=/a][uid=7][gid=8]`);
    expect(operations).toMatchObject([
      { op: 'flush', path: '/b c].txt', fh: 2 },
      { op: 'access', path: '/][x]', args: { mask: 'X_OK' } },
      { op: 'symlink', path: '/l', newPath: null, args: { target: '../a' } },
      { op: 'chown', path: '/a', uid: null, gid: null },
    ]);
  });

  it('takes files that have no name any more, as 1.97 tells of them', () => {
    const { operations } = read(`
      2026-08-22T10:11:12.345Z [DBG] s3fs.cpp:s3fs_read(3258): [unlinked path=/a][size=4096][offset=8192][pseudo_fd=3][pid=44,uid=1000,gid=1001]
      2026-08-22T10:11:12.345Z [INF] s3fs.cpp:s3fs_release(3517): [path=null][pseudo_fd=3][pid=0,uid=0,gid=0]`);
    expect(operations).toMatchObject([
      { op: 'read', path: '/a', size: 4096, offset: 8192, fh: 3, pid: 44, uid: 1000, gid: 1001 },
      { op: 'release', path: null, fh: 3 },
    ]);
  });

  it('counts a getattr once, and a line that is cut as one', () => {
    const { operations, report } = read(`
      2026-08-22T10:11:12.345Z [INF] s3fs.cpp:s3fs_getattr(778): [path=/a]
      2026-08-22T10:11:12.346Z [DBG] s3fs.cpp:s3fs_getattr(801): [path=/a] uid=0, gid=0, mode=40700
      2026-08-22T10:11:12.347Z [INF] s3fs.cpp:s3fs_getattr(778): [path=/with a
      line]`);
    expect(operations).toMatchObject([{ op: 'getattr', path: '/a' }]);
    expect(report).toMatchObject({ rejected: 1, foreign: 1 });
  });

  it('leaves out what a rename removes, and not what is removed by somebody', () => {
    const { operations } = read(`
      2026-08-22T10:11:12.345Z [INF] s3fs.cpp:s3fs_rename(1570): [from=/d][to=/e]
      2026-08-22T10:11:12.345Z [INF] s3fs.cpp:s3fs_unlink(1079): [path=/d/a]
      2026-08-22T10:11:12.345Z [INF] s3fs.cpp:s3fs_unlink(1079): [path=/da]
      2026-08-22T10:11:12.345Z [INF] s3fs.cpp:s3fs_rmdir(1116): [path=/d/]
      2026-08-22T10:11:13.345Z [INF] s3fs.cpp:s3fs_getattr(778): [path=/d]
      2026-08-22T10:11:13.345Z [INF] s3fs.cpp:s3fs_rmdir(1116): [path=/d]
      2026-08-22T10:11:14.345Z [INF] s3fs.cpp:s3fs_rename(2009): [from=/f][to=/g][pid=44,uid=0,gid=0]
      2026-08-22T10:11:14.345Z [INF] s3fs.cpp:s3fs_unlink(1334): [path=/f][pid=45,uid=0,gid=0]
      2026-08-22T10:11:14.345Z [INF] s3fs.cpp:s3fs_unlink(1334): [path=/f][pid=44,uid=0,gid=0]`);
    expect(operations.map((one) => [one.op, one.path])).toEqual([
      ['rename', '/d'],
      ['unlink', '/da'],
      ['getattr', '/d'],
      ['rmdir', '/d'],
      ['rename', '/f'],
      ['unlink', '/f'],
    ]);
  });
});
