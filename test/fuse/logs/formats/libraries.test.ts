// Logs of the libraries that file systems are written with: lines as they print them (see the source that each reader
// names).
import { describe, expect, it } from 'vitest';
import { lines, readLog, utc } from '../reading.ts';

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
