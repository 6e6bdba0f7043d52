import { expect, test } from 'vitest';
import { parse } from '../../shared/filter/parse.ts';
import { shellWord } from '../../shared/shell-word.ts';
import { blankSpan, resultOf, type Span, setErrno } from '../../shared/span.ts';
import { filterPieces, readFilter } from '../../web/filter/pieces.ts';
import { stallSentence } from '../../web/ui/stall-text.ts';
import { term, withTerm } from '../../web/url/terms.ts';
import { detailText, eventLines, spanFacts } from '../../web/views/operations/detail.ts';
import { toneOf } from '../../web/views/operations/slow.ts';

const span = (op: string, more: Partial<Span> = {}): Span => ({
  ...blankSpan(1, 1, '/mnt', 'mirror', op),
  state: 'done',
  durationNs: 1_000,
  errno: 0,
  ...more,
});

test.each([
  [span('read', { size: 131_072, offset: 4_194_304, bytes: 131_072 }), '128 KiB at 4 MiB'],
  [span('read', { size: 131_072, offset: 0, bytes: 4_096 }), '4 KiB of 128 KiB at 0'],
  [span('read', { size: 4_096, offset: '18446744073709551615', bytes: null }), '4 KiB at 16384 PiB'],
  [span('rename', { newPath: '/b\n' }), 'to /b\\n'],
  [span('open', { args: { flags: 'O_RDONLY' } }), 'O_RDONLY'],
  [span('setxattr', { args: { name: 'user.tags' }, size: 24 }), 'user.tags, 24 B'],
  [span('lookup'), ''],
])('detail of an operation', (of, words) => {
  expect(detailText(of)).toBe(words);
});

test('event lines say what is known, and an open operation has no EXIT', () => {
  expect(eventLines(span('read', { unique: 9, fh: 3, bytes: 5 }))).toEqual({
    enter: 'unique 9, op read, fh 3',
    exit: 'unique 9, errno 0, bytes 5, durNs 1000',
  });
  expect(eventLines(span('read', { state: 'open', errno: null })).exit).toBeNull();
});

test('facts leave out what is not known', () => {
  expect(spanFacts(span('lookup', { comm: 'ls', pid: 7, tid: 8, uid: 0 }))).toContainEqual([
    'Caller',
    'ls 7, thread 8, uid 0',
  ]);
  expect(spanFacts(span('lookup')).map(([name]) => name)).toEqual(['Source', 'Span']);
});

test('only what is out of the ordinary has a tone', () => {
  const failed = (errno: number) => {
    const of = span('getattr');
    setErrno(of, errno);
    return of;
  };
  expect(toneOf(failed(2))).toBe('plain');
  expect(toneOf(failed(5))).toBe('error');
  expect(toneOf(span('getattr', { durationNs: 2e8 }))).toBe('slow');
  expect(toneOf(span('read', { durationNs: 2e8 }))).toBe('plain');
  expect(toneOf(span('read', { state: 'open' }))).toBe('open');
  expect([resultOf(failed(5)), resultOf(span('read')), resultOf(span('read', { state: 'lost' }))]).toEqual([
    'EIO',
    'ok',
    'lost',
  ]);
});

test('the sentence of a stall names who, what and where, whatever is known', () => {
  expect(stallSentence(span('read', { comm: 'plex', path: '/a/IMG.CR3' }))).toBe(
    'plex waits for a read of IMG.CR3 on /mnt',
  );
  expect(stallSentence(span('open', { pid: 7 }))).toBe('Process 7 waits for an open on /mnt');
  expect(stallSentence(span('unlink', { comm: '\u202eevil', path: '/' }))).toBe(
    '\\u202eevil waits for an unlink of / on /mnt',
  );
});

test('a term that the page writes means exactly the value', () => {
  for (const path of ['/a b', '/q"q', '/star*', '/back\\slash', '/x,y']) {
    const result = parse(term('path', path));
    expect(result.ok && result.filter.terms.length).toBe(1);
  }
  expect(withTerm(' op:read ', 'pid:4')).toBe('op:read pid:4');
  expect(withTerm('op:read pid:4', 'pid:4')).toBe('op:read pid:4');
});

test('pieces of a filter are together the filter', () => {
  for (const text of ['op:read  -path:/a/** "free text"', ' dur:>10mss x', 'op:', '']) {
    const pieces = filterPieces(text, readFilter(text));
    expect(pieces.map((piece) => piece.text).join('')).toBe(text);
  }
  expect(filterPieces('-op:read', readFilter('-op:read'))).toEqual([
    { text: '-op:read', kind: 'negated', keyLength: 4 },
  ]);
});

test('commands can be pasted into a shell', () => {
  expect(shellWord("it's")).toBe(`'it'\\''s'`);
});

test('flags and modes are read as names where they are numbers', () => {
  expect(detailText(span('open', { args: { flags: 0o100000 } }))).toBe('O_RDONLY');
  expect(detailText(span('create', { args: { flags: 0o302, mode: 0o100600 } }))).toBe(
    'O_RDWR O_CREAT O_EXCL, 0600',
  );
  expect(detailText(span('chmod', { args: { mode: 0o40755 } }))).toBe('0755');
});
