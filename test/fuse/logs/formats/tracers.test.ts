// Traces of programs that look on from outside: lines as they print them (see the source that each reader names).
import { describe, expect, it } from 'vitest';
import { lines, readLog } from '../reading.ts';

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
