// Whatever is read as a log: errors of any application, lines that fit nothing, and which formats there are.
import { describe, expect, it } from 'vitest';
import { FORMATS } from '../../../fuse/logs/formats.ts';
import { LOG_FORMATS } from '../../../shared/import.ts';
import { lines, readLog } from './reading.ts';

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
