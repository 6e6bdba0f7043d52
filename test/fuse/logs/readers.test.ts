// Every log format that is read: lines as their programs print them (see the source that each reader names).
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FORMATS } from '../../../fuse/logs/formats.ts';
import { LOG_FORMATS } from '../../../shared/import.ts';
import { lines, readLog } from './reading.ts';

const utc = (text: string) => Date.parse(text) * 1_000;
const local = (text: string) => new Date(text).getTime() * 1_000;

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

describe('libfuse -d', () => {
  it('reads requests with their paths, results and sizes, and learns paths of nodes', () => {
    const { operations, report } = readLog(
      lines(`
        FUSE library version: 2.9.9
        unique: 4, opcode: LOOKUP (1), nodeid: 1, insize: 46, pid: 3156
        LOOKUP /hello
        getattr[NULL] /hello
           NODEID: 2
           unique: 4, success, outsize: 144
        unique: 5, opcode: LOOKUP (1), nodeid: 1, insize: 46, pid: 3156
        LOOKUP /nope
        getattr /nope
           unique: 5, error: -2 (No such file or directory), outsize: 16
        dev unique: 6, opcode: READ (15), nodeid: 2, insize: 80, pid: 3156
        read[0] 4096 bytes from 100 flags: 0x8000
           read[0] 7 bytes from 100
           unique: 6, success, outsize: 23
        cqe unique: 8, opcode: GETATTR (3), nodeid: 2, insize: 16, pid: 7060
            unique: 8, result=104
        unique: 10, opcode: RENAME (12), nodeid: 1, insize: 58, pid: 9
        rename /hello /b c
           unique: 10, success, outsize: 16
        unique: 12, opcode: GETATTR (3), nodeid: 2, insize: 56, pid: 9
        getattr /b c
           unique: 12, success, outsize: 120
        unique: 14, opcode: FORGET (2), nodeid: 2, insize: 48, pid: 0
        unique: 16, opcode: WRITE (16), nodeid: 7, insize: 1104, pid: 5
        write[3] 1024 bytes to 0 flags: 0x8001`),
    );
    expect(report).toMatchObject({
      format: 'libfuse',
      spans: 8,
      open: 1,
      unpaired: 0,
      foreign: 0,
      rejected: 0,
    });
    expect(operations).toMatchObject([
      { op: 'lookup', path: '/hello', pid: 3156, errno: 0, durNs: null },
      { op: 'lookup', path: '/nope', errno: 2 },
      { op: 'read', path: '/hello', fh: 0, offset: 100, size: 4096, bytes: 7, nodeid: 2 },
      { op: 'getattr', path: '/hello', pid: 7060, errno: 0 },
      { op: 'rename', path: '/hello', newPath: '/b c' },
      { op: 'getattr', path: '/b c' },
      { op: 'forget', path: '/b c' },
      { op: 'write', fh: 3, size: 1024, offset: 0, state: 'open' },
    ]);
  });

  it('keeps apart what two threads mix, and takes times from in front of the lines', () => {
    const { operations } = readLog(
      lines(`
        2026-05-01T10:00:00.000000Z unique: 4, opcode: READ (15), nodeid: 2, insize: 80, pid: 1
        2026-05-01T10:00:00.001000Z unique: 6, opcode: GETATTR (3), nodeid: 1, insize: 56, pid: 2
        2026-05-01T10:00:00.003000Z    unique: 6, success, outsize: 120
        2026-05-01T10:00:02.000000Z    unique: 4, error: -5 (Input/output error), outsize: 16`),
    );
    expect(operations).toMatchObject([
      { op: 'getattr', durNs: 2e6, pid: 2, path: '/' },
      { op: 'read', durNs: 2e9, errno: 5, tsUs: utc('2026-05-01T10:00:00Z') },
    ]);
  });
});

describe('Rust tracing', () => {
  it('ends an operation at its close line, with colours and without', () => {
    const { operations, report } = readLog(
      lines(`
        \u001b[2m2025-06-19T10:11:12.345678Z\u001b[0m \u001b[32m INFO\u001b[0m ThreadId(03) \u001b[1mfuse::getattr\u001b[0m{ino=2}: mergerfs_rs::fuse_fs: src/fuse_fs.rs:472: Starting getattr
        2025-06-19T10:11:12.345700Z  INFO ThreadId(04) fuse::read{ino=3 fh=1 offset=0 size=4096}: mergerfs_rs::fuse_fs: src/fuse_fs.rs:600: Starting read
        2025-06-19T10:11:12.345800Z ERROR ThreadId(04) fuse::read{ino=3 fh=1 offset=0 size=4096}: mergerfs_rs::fuse_fs: src/fuse_fs.rs:603: read failed error=Errno(5)
        2025-06-19T10:11:12.345900Z  INFO ThreadId(04) fuse::read{ino=3 fh=1 offset=0 size=4096}: mergerfs_rs::fuse_fs: src/fuse_fs.rs:607: close time.busy=45.2µs time.idle=6.1µs
        2025-06-19T10:11:12.346000Z  INFO ThreadId(03) fuse::getattr{ino=2}: mergerfs_rs::fuse_fs: src/fuse_fs.rs:472: close time.busy=300µs time.idle=0ns`),
    );
    expect(report).toMatchObject({ format: 'tracing', spans: 2, open: 0, unpaired: 0, problems: 1 });
    expect(operations).toMatchObject([
      { op: 'read', nodeid: 3, fh: 1, size: 4096, durNs: 51_300, errno: 5 },
      { op: 'getattr', nodeid: 2, durNs: 300_000, errno: 0, tsUs: utc('2025-06-19T10:11:12.345Z') + 678 },
    ]);
  });

  it('gives up an operation without a close line once its thread begins another; the last ones are open', () => {
    const { operations } = readLog(
      lines(`
        2025-06-19T10:11:12.345678Z  INFO ThreadId(03) fuse::getattr{ino=2}: mergerfs_rs::fuse_fs: Starting getattr
        2025-06-19T10:11:12.400000Z  INFO ThreadId(03) fuse::lookup{parent=1 name="a b"}: mergerfs_rs::fuse_fs: Starting lookup`),
    );
    expect(operations).toMatchObject([
      { op: 'getattr', state: 'lost', durNs: null },
      { op: 'lookup', state: 'open', nodeid: 1, args: { name: 'a b' } },
    ]);
  });

  it('pairs by req.unique', () => {
    const { operations } = readLog(
      lines(`
        2025-02-15T23:51:07.752407Z DEBUG gvfs_fuse::fuse_api_handle_debug: STATFS started req.unique=7 uid=0 gid=0 pid=41 filename="/" file_id=1
        2025-02-15T23:51:07.752500Z DEBUG gvfs_fuse::fuse_api_handle_debug: LOOKUP started req.unique=8 uid=0 gid=0 pid=41 filename="/x" file_id=1
        2025-02-15T23:51:07.752807Z DEBUG gvfs_fuse::fuse_api_handle_debug: STATFS completed req.unique=7
        2025-02-15T23:51:07.753500Z ERROR gvfs_fuse::fuse_api_handle_debug: LOOKUP failed req.unique=8 e=Errno(2)`),
    );
    expect(operations).toMatchObject([
      { op: 'statfs', id: 7, pid: 41, path: '/', durNs: 400_000, errno: 0 },
      { op: 'lookup', id: 8, path: '/x', durNs: 1_000_000, errno: 2 },
    ]);
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

describe('gcsfuse (jacobsa/fuse)', () => {
  it('reads text and JSON, learns paths, and tells mounts apart', () => {
    const { operations, report, mounts } = readLog(
      lines(`
        time="25/06/2024 03:03:45.288441" severity=TRACE message="fuse_debug: Op 0x0000015c        connection.go:420] <- LookUpInode (parent 1, name \\"b.txt\\", PID 869418)"
        time="25/06/2024 03:03:45.505412" severity=TRACE message="fuse_debug: Op 0x0000015c        connection.go:513] -> LookUpInode (inode 3)"
        {"timestamp":{"seconds":1719284625,"nanos":288441000},"severity":"TRACE","message":"fuse_debug: Op 0x0000015c        connection.go:420] <- ReadFile (inode 3, PID 5, handle 0, offset 0, 4096 bytes)","mount-id":"bkt-1a2b3c4d"}
        {"timestamp":{"seconds":1719284626,"nanos":288441500},"severity":"TRACE","message":"fuse_debug: Op 0x0000015c        connection.go:581] -> Error: \\"input/output error\\"","mount-id":"bkt-1a2b3c4d"}
        {"timestamp":{"seconds":1719284626,"nanos":0},"severity":"ERROR","message":"ReadFile: storage: object doesn't exist","mount-id":"bkt-1a2b3c4d"}`),
    );
    expect(report).toMatchObject({ format: 'gcsfuse', spans: 2, open: 0, problems: 1, rejected: 0 });
    expect(mounts).toContain('bkt-1a2b3c4d');
    expect(operations).toMatchObject([
      { op: 'lookup', path: '/b.txt', pid: 869418, durNs: 216_971_000, errno: 0, mount: 'log' },
      { op: 'read', path: '/b.txt', size: 4096, errno: 5, durNs: 1_000_000_500, mount: 'bkt-1a2b3c4d' },
    ]);
  });

  it('reads bare lines, in order where they have no times', () => {
    const { operations } = readLog(
      'Op 0x00000162        connection.go:420] <- GetInodeAttributes (inode 1, PID 4)\nOp 0x00000162        connection.go:581] -> Error: "no such file or directory"\n',
    );
    expect(operations).toMatchObject([{ op: 'getattr', path: '/', pid: 4, errno: 2 }]);
  });
});

it('go-fuse', () => {
  const { operations, report } = readLog(
    lines(`
      18:41:50.796468 rx 136: LOOKUP n1 ["link0"] 6b
      18:41:50.796489 tx 136:     OK, {n2 g1 tE=0s tA=0s {M0100600 SZ=0 }}
      18:41:50.796500 rx 138: OPEN n2 {O_RDWR,0x8000}
      18:41:50.796557 tx 138:     2=no such file or directory, {Fh 0 }
      18:41:50.797000 rx 140: READ n2 {Fh 3 [4096 +131072)  L 0 RDONLY,0x8000}
      18:41:50.798000 tx 140:     OK,  13b data "Hello"
      18:41:50.798100 rx 142: FORGET n2 {Nlookup=1}
      18:41:50.799000 rx 144: WRITE n2 {Fh 3 [0 +5) }`),
  );
  expect(report).toMatchObject({ format: 'gofuse', spans: 5, open: 1, unpaired: 0, rejected: 0 });
  expect(operations).toMatchObject([
    { op: 'lookup', path: '/link0', durNs: 21_000, errno: 0, id: 136 },
    { op: 'open', path: '/link0', errno: 2 },
    { op: 'read', path: '/link0', fh: 3, offset: 4096, size: 131072, bytes: 13, durNs: 1_000_000 },
    { op: 'forget' },
    { op: 'write', state: 'open', fh: 3 },
  ]);
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

describe('strace', () => {
  const trace = lines(`
    [pid  4403] 1718900000.123456 openat(AT_FDCWD</home/u>, "/mnt/f/a\\303\\251", O_RDONLY) = 3</mnt/f/a\\303\\251> <0.000213>
    [pid  4403] 1718900000.123800 read(3</mnt/f/a, b>,  <unfinished ...>
    [pid  4404] 1718900000.200000 newfstatat(AT_FDCWD</home/u>, "../x", 0x7ffe, 0) = -1 ENOENT (No such file or directory) <0.000020>
    [pid  4404] 1718900000.300000 mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, -1, 0) = 0x7f0 <0.000010>
    [pid  4403] 1718900012.500100 <... read resumed>"\\0\\0"..., 131072) = 131072 <12.376300>
    [pid  4404] 1718900013.000000 rename("/mnt/f/a", "/mnt/f/b") = 0 <0.001000>
    [pid  4404] 1718900014.000000 --- SIGCHLD {si_signo=SIGCHLD} ---
    [pid  4403] 1718900015.000000 write(4</mnt/f/c>, "abc"..., 4096 <unfinished ...>
    [pid  4404] 1718900016.000000 close(5</mnt/f/d> <unfinished ...>
    [pid  4404] 1718900017.000000 +++ killed by SIGKILL +++`);

  it('joins calls that go on later; what is unfinished is open', () => {
    const { operations, report } = readLog(trace);
    expect(report).toMatchObject({
      format: 'strace',
      spans: 6,
      open: 1,
      unpaired: 0,
      foreign: 0,
      rejected: 0,
    });
    expect(operations).toMatchObject([
      { op: 'open', path: '/mnt/f/aé', fh: 3, durNs: 213_000, tsUs: 1718900000123456, pid: 4403 },
      { op: 'getattr', path: '/home/x', errno: 2 },
      { op: 'read', path: '/mnt/f/a, b', bytes: 131072, durNs: 12_376_300_000, tsUs: 1718900000123800 },
      { op: 'rename', path: '/mnt/f/a', newPath: '/mnt/f/b' },
      { op: 'release', path: '/mnt/f/d', state: 'lost' },
      { op: 'write', path: '/mnt/f/c', size: 4096, state: 'open' },
    ]);
  });

  it('takes only calls below the mount where one is named, by their path in it', () => {
    const { operations } = readLog(trace, { mount: '/mnt/f' });
    expect(operations.map((one) => [one.op, one.path])).toEqual([
      ['open', '/aé'],
      ['read', '/a, b'],
      ['rename', '/a'],
      ['release', '/d'],
      ['write', '/c'],
    ]);
  });
});

it('the trace of the kernel, as tracefs and trace-cmd report print it', () => {
  const { operations, report, mounts } = readLog(
    lines(`
      # tracer: nop
                  cat-2988    [000] ...1.   271.148080: fuse_request_send: connection 40 req 4 opcode 3 (FUSE_GETATTR) len 56
             my prog-7-2990  [001]   271.148100: fuse_request_send:    connection 41 req 4 opcode 1 (FUSE_LOOKUP) len 46
               bindfs-2985    [001] .....   271.148208: fuse_request_end: connection 40 req 4 len 120 error 0
               bindfs-2986    [001] .....   271.149100: fuse_request_end: connection 41 req 4 len 16 error -2
                  cat-2988    [000] ...1.   271.150000: fuse_request_send: connection 40 req 6 opcode 15 (FUSE_READ) len 80`),
  );
  expect(report).toMatchObject({ format: 'ftrace', spans: 3, open: 1, foreign: 0, rejected: 0 });
  expect(mounts.slice(1)).toEqual(['connection 40', 'connection 41']);
  expect(operations).toMatchObject([
    {
      op: 'getattr',
      comm: 'cat',
      tid: 2988,
      daemonTid: 2985,
      durNs: 128_000,
      errno: 0,
      mount: 'connection 40',
    },
    { op: 'lookup', comm: 'my prog-7', errno: 2, durNs: 1_000_000, mount: 'connection 41' },
    { op: 'read', state: 'open' },
  ]);
});

it('trace-cmd report of several buffers or files, and with its other options', () => {
  const { operations, report, mounts } = readLog(
    [
      '  b.dat: cpus=2',
      'top.dat: cpus=2',
      'top.dat:               sh-31002 [000]  3976.642727: fuse_request_send:    connection 40 req 4 opcode 3 (FUSE_GETATTR) len 56 ',
      '  b.dat:              ls: -31003 [000]  3976.642728: fuse_request_send:    connection 40 req 4 opcode 1 (FUSE_LOOKUP) len 46 ',
      'top.dat:           bindfs-30997 [000]  3976.642808: fuse_request_end:     connection 40 req 4 len 120 error 0',
      // -t, -R, --ts-diff, -l
      '              ls-31003 [000]  3976.644003769: fuse_request_send:    connection 40 req 6 opcode 27 (FUSE_OPENDIR) len 48 ',
      '          bindfs-30997 [000]  3976.644024: fuse_request_end:      connection=40 unique=6 len=32 error=-13',
      '             a: b-31004 [000]  3976.648912: (+1196)  fuse_request_send:    connection 40 req 14 opcode 1 (FUSE_LOOKUP) len 46 ',
      '  bindfs-30997   0.....  3976.649264: fuse_request_end:     connection 40 req 14 len 144 error 0',
      'CPU:1 [12 EVENTS DROPPED]',
    ].join('\n'),
  );
  expect(report).toMatchObject({ format: 'ftrace', spans: 4, open: 1, foreign: 0, rejected: 0, unpaired: 0 });
  expect(mounts.slice(1)).toEqual(['connection 40 (top.dat)', 'connection 40 (b.dat)', 'connection 40']);
  expect(operations).toMatchObject([
    { op: 'getattr', comm: 'sh', tid: 31002, durNs: 81_000, mount: 'connection 40 (top.dat)' },
    { op: 'opendir', comm: 'ls', errno: 13, mount: 'connection 40' },
    { op: 'lookup', comm: 'a: b', durNs: 352_000, mount: 'connection 40' },
    { op: 'lookup', comm: 'ls: ', state: 'open', mount: 'connection 40 (b.dat)' },
  ]);
});

describe('logs of applications', () => {
  it('takes errors from every form, with the text that says what happened', () => {
    const { problems, report } = readLog(
      lines(`
        10:11AM INF Starting
        10:11AM ERR Could not create cache file. error="open tmp/test/content/DCC3AB40!s7d1f: no such file or directory"
        10:12AM DBG Mount point exists but test file creation failed error="open mount/.test-mount-ready: input/output error"
        10:12AM DBG all is well error=<nil>
        {"level":"error","time":"2026-05-01T10:00:00Z","error":"permission denied","message":"zerolog"}
        {"level":"error","ts":1777629600.5,"caller":"a.go:1","msg":"zap","error":"EIO"}
        {"time":"2026-05-01T10:00:00Z","level":"ERROR","msg":"slog"}
        time=2026-05-01T10:00:00Z level=error msg="logfmt text" error="i/o error"
        2026-05-01T10:00:00.000001Z ERROR my_fs::cache: tracing
        panic: runtime error
        2026/05/01 10:00:00 ERROR : a.txt: rclone`),
    );
    expect(report).toMatchObject({ format: 'application', lines: 11, spans: 0, foreign: 0 });
    expect(problems.map((one) => [one.order, one.level, one.text, one.errno])).toEqual([
      [
        2,
        'error',
        'Could not create cache file. error="open tmp/test/content/DCC3AB40!s7d1f: no such file or directory"',
        2,
      ],
      [
        3,
        'debug',
        'Mount point exists but test file creation failed error="open mount/.test-mount-ready: input/output error"',
        5,
      ],
      [5, 'error', 'zerolog error="permission denied"', 13],
      [6, 'error', 'zap error=EIO', 5],
      [7, 'error', 'slog', null],
      [8, 'error', 'logfmt text error="i/o error"', 5],
      [9, 'error', 'my_fs::cache: tracing', null],
      [10, 'fatal', 'runtime error', null],
      [11, 'error', 'a.txt: rclone', null],
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

describe('any log', () => {
  it('survives CRLF, bytes that are no UTF-8, lines of other programs, and a cut in the middle of anything', () => {
    const text = Buffer.concat([
      Buffer.from('ne line that was cut\r\n[FUSE] Open ENTER path=/caf'),
      Buffer.of(0xe9),
      Buffer.from('\r\n\r\n\u0000\u0001binary\r\n[FUSE] Open EXIT  dur=1ms\r\n[FUSE] Read EXIT  dur='),
    ]);
    for (const step of [1, 2, 7, text.length]) {
      const pieces: Buffer[] = [];
      for (let at = 0; at < text.length; at += step) pieces.push(text.subarray(at, at + step));
      const { operations, report } = readLog(pieces);
      expect(report).toMatchObject({ format: 'fusestream', lines: 6, spans: 1, foreign: 2, rejected: 1 });
      expect(report.foreignLines[0]).toEqual({ line: 1, text: 'ne line that was cut' });
      expect(operations).toMatchObject([{ path: '/caf\\xe9', durNs: 1e6 }]);
    }
  });

  it('rejects a line of more than 1 MiB without keeping it, and goes on', () => {
    const { report, operations } = readLog([
      '[FUSE] Open ENTER path=/a\n',
      'x'.repeat(3_000_000),
      '\n[FUSE] Open EXIT  dur=1ms\n',
    ]);
    expect(report).toMatchObject({ lines: 3, rejected: 1, spans: 1 });
    expect(report.rejections).toMatchObject([{ line: 2, reason: 'longer than 1 MiB' }]);
    expect(operations).toHaveLength(1);
  });

  it('says so where no format fits, and which there are', () => {
    expect(() => readLog('nothing that anybody knows\n')).toThrow(/no format fits.*fusestream.*strace/);
    expect(() => readLog('')).toThrow(/empty/);
    expect(() => readLog('', { format: 'pdf' })).toThrow(/"pdf" is no format/);
  });
});

it('every format can be asked for by its name', () => {
  expect(FORMATS.map((format) => format.name).toSorted()).toEqual(
    LOG_FORMATS.filter((name) => name !== 'auto').toSorted(),
  );
});
