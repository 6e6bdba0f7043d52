import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileFilter } from '../../shared/filter/compile.ts';
import { complete } from '../../shared/filter/complete.ts';
import { compileGlob, type GlobMode } from '../../shared/filter/glob.ts';
import { parse } from '../../shared/filter/parse.ts';
import { print, quoteLiteral } from '../../shared/filter/print.ts';
import { blankSpan, type Span } from '../../shared/span.ts';
import { filters } from './arbitrary.ts';

function filterOf(text: string) {
  const result = parse(text);
  if (!result.ok) throw new Error(result.error.message);
  return result.filter;
}
const errorOf = (text: string) => {
  const result = parse(text);
  if (result.ok) throw new Error(`"${text}" was read`);
  return result.error;
};
const span = (fields: Partial<Span> = {}): Span => ({
  ...blankSpan(1, 1, '/mnt/x', 'mirror', 'read'),
  state: 'done',
  startUs: 1_000_000,
  durationNs: 20_000_000,
  errno: 0,
  ...fields,
});
const matches = (filter: string, fields: Partial<Span> = {}, nowUs?: number) =>
  compileFilter(filterOf(filter))(span(fields), nowUs);

describe('parsing', () => {
  it('reads back what it prints, and prints the same again', () => {
    fc.assert(
      fc.property(filters, (filter) => {
        const text = print(filter);
        const again = filterOf(text);
        const bare = again.terms.map(({ at: _at, length: _length, ...rest }) => rest);
        expect(bare).toEqual(filter.terms.map(({ at: _at, length: _length, ...rest }) => rest));
        expect(print(again)).toBe(text);
      }),
    );
  });

  it('never throws, and places an error inside of the text', () => {
    const pieces = fc.constantFrom(
      'op:',
      'path:',
      'dur:',
      '>',
      '10ms',
      '..',
      ',',
      '"',
      '\\',
      ' ',
      '-',
      '*',
      'x',
      'é',
      '😀',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(pieces).map((parts) => parts.join('')),
        ),
        (text) => {
          const result = parse(text);
          if (result.ok) return;
          expect(result.error.at).toBeGreaterThanOrEqual(0);
          expect(result.error.at + result.error.length).toBeLessThanOrEqual(Math.max(1, text.length));
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ['dur:>10mss', '"10mss" is no duration. Try 10ms.', 4, 6, '>10ms'],
    ['dur:10ms', 'No operation takes exactly 10ms. Try >10ms.', 4, 4, '>10ms'],
    ['dur:1s..10ms', '"1s..10ms" is empty: the first is larger. Try 10ms..1s.', 4, 8, '10ms..1s'],
    ['errno:ENOENTT', '"ENOENTT" is no errno. Try ENOENT.', 6, 7, 'ENOENT'],
    ['op:read,wirte', '"wirte" is no operation. Try write.', 8, 5, 'write'],
    ['state:opne', '"opne" is no state. Try open.', 6, 4, 'open'],
    ['source:xyz', '"xyz" is no source. It is one of kernel, mirror, log, api.', 7, 3, null],
    ['pid:a', '"a" is no number. Try 1.', 4, 1, '1'],
    ['a op:', '"op:" needs a value. Try op:read,write.', 2, 3, 'op:read,write'],
    ['op:read,', '"op:" needs a value. Try op:read,write.', 0, 8, 'op:read,write'],
    ['pathh:/a', 'There is no key "pathh". Try path:, or put text with a colon in quotes.', 0, 6, 'path:'],
    ['comm:"a b', 'This quote is not closed. Add " at the end.', 5, 4, '"a b"'],
    ['x\\', 'A \\ at the end escapes nothing. Write \\\\ for the character itself.', 1, 1, '\\\\'],
    ['""', 'There is nothing between these quotes.', 0, 2, null],
  ])('%s: %s', (text, message, at, length, hint) => {
    expect(errorOf(text)).toEqual({ message, at, length, hint });
  });

  it('knows where each term stands', () => {
    expect(filterOf('  -op:read "a b"').terms.map(({ at, length }) => [at, length])).toEqual([
      [2, 8],
      [11, 5],
    ]);
  });
});

describe('matching', () => {
  it('the empty filter matches all', () => expect(matches('  ')).toBe(true));

  it('ands terms, ors a list, turns round with -', () => {
    expect(matches('op:read,write')).toBe(true);
    expect(matches('op:read op:write')).toBe(false);
    expect(matches('-op:read')).toBe(false);
    expect(matches('-op:write uid:0', { uid: 0 })).toBe(true);
  });

  it('an operation stands for its family', () => {
    expect(matches('op:rename', { op: 'rename2' })).toBe(true);
    expect(matches('op:setattr', { op: 'chmod' })).toBe(true);
    expect(matches('op:chmod', { op: 'setattr' })).toBe(false);
    expect(matches('op:op-99', { op: 'op-99' })).toBe(true);
  });

  it('errno by name, number, any and none', () => {
    expect(matches('errno:enoent,5', { errno: 5 })).toBe(true);
    expect(matches('errno:any', { errno: 0 })).toBe(false);
    expect(matches('errno:none', { errno: 0 })).toBe(true);
    expect(matches('errno:none', { errno: null })).toBe(false);
  });

  it.each([
    ['/a/**', '/a/b/c', true],
    ['/a/**', '/ab', false],
    ['/a/*', '/a/b/c', false],
    ['/a/*/c', '/a/b/c', true],
    ['/a/**/c', '/a/c', true],
    ['/a/**/c', '/a/b/d/c', true],
    ['/a/**/c', '/a/bc', false],
    ['*.tmp', '/x/y.tmp', true],
    ['*.tmp', '/x.tmp/y', false],
    ['src/*.ts', '/a/src/b.ts', true],
    ['src/*.ts', '/asrc/b.ts', false],
    ['/a?c', '/abc', true],
    ['/a?c', '/a/c', false],
    ['/a?c', '/a😀c', true],
    ['/a\\*', '/ab', false],
    ['/a\\*', '/a*', true],
    ['/A', '/a', false],
  ])('path:%s on %s is %s', (pattern, path, expected) => {
    expect(matches(`path:${pattern}`, { path })).toBe(expected);
    expect(matches(`path:${pattern}`, { newPath: path })).toBe(expected);
    expect(matches(`-path:${pattern}`, { path })).toBe(!expected);
  });

  it('a span without a path matches no path, and every negated one', () => {
    expect(matches('path:**')).toBe(false);
    expect(matches('-path:**')).toBe(true);
  });

  it('mount is the whole mount point, comm takes slashes', () => {
    expect(matches('mount:/mnt/x')).toBe(true);
    expect(matches('mount:/mnt')).toBe(false);
    expect(matches('mount:x')).toBe(false);
    expect(matches('mount:/mnt/*')).toBe(true);
    expect(matches('comm:kworker*', { comm: 'kworker/0:1' })).toBe(true);
  });

  it('compares durations, sizes and ids', () => {
    expect(matches('dur:>10ms')).toBe(true);
    expect(matches('dur:>20ms')).toBe(false);
    expect(matches('dur:>=20ms')).toBe(true);
    expect(matches('dur:10ms..20ms')).toBe(true);
    expect(matches('dur:<1.5ms,>0.01s')).toBe(true);
    expect(matches('size:128k', { size: 131_072 })).toBe(true);
    expect(matches('size:>1T', { size: '18446744073709551615' })).toBe(true);
    expect(matches('pid:40..42', { pid: 41 })).toBe(true);
    expect(matches('fh:18446744073709551615', { fh: '18446744073709551615' })).toBe(true);
    expect(matches('queue:>1ms')).toBe(false);
  });

  it('an open span matches by its age so far, and nothing that has an upper end', () => {
    const open = { state: 'open', durationNs: null, errno: null } as const;
    expect(matches('dur:>10ms', open, 1_010_001)).toBe(true);
    expect(matches('dur:>10ms', open, 1_010_000)).toBe(false);
    expect(matches('dur:<10s', open, 1_000_001)).toBe(false);
    expect(matches('dur:1ns..10s', open, 1_010_000)).toBe(false);
    expect(matches('dur:>10ms', { ...open, state: 'lost' }, 9_000_000)).toBe(false);
  });

  it('looks for free text in path, newPath, comm, op and error', () => {
    expect(matches('"Free text"', { path: '/a free TEXT' })).toBe(true);
    expect(matches('NEW', { newPath: '/news' })).toBe(true);
    expect(matches('enoe', { errno: 2, error: 'ENOENT' })).toBe(true);
    expect(matches('rsy', { comm: 'rsync' })).toBe(true);
    expect(matches('-rea')).toBe(false);
    expect(matches('mnt')).toBe(false);
  });
});

describe('globs', () => {
  /** The same language, slowly and by another way. */
  function oracle(pattern: string, mode: GlobMode): RegExp {
    let source = mode === 'anywhere' && !/^(\/|\*\*)/.test(pattern) ? '(?:.*/)?' : '';
    const any = mode === 'flat' ? '.' : '[^/]';
    const piece = /\\(.)|(\*\*+)(\/?)|(\*)|(\?)|(.)/gsu;
    for (const [whole, escaped, stars, slash, star, mark, char] of pattern.matchAll(piece)) {
      const at = source === '' || source === '(?:.*/)?' || source.endsWith('/') || source.endsWith('/)?');
      if (stars !== undefined && mode === 'flat') source += `.*${slash}`;
      else if (stars !== undefined && slash !== '' && at) source += '(?:.*/)?';
      else if (stars !== undefined) source += `.*${slash}`;
      else if (star !== undefined) source += `${any}*`;
      else if (mark !== undefined) source += any;
      else source += (escaped ?? char ?? whole).replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
    }
    return new RegExp(`^${source}$`, 'su');
  }
  const letters = fc
    .array(fc.constantFrom('a', 'b', '/', '.'), { maxLength: 12 })
    .map((parts) => parts.join(''));
  const patterns = fc
    .array(fc.constantFrom('a', 'b', '/', '*', '**', '/**/', '?', '\\*', '.'), { maxLength: 8 })
    .map((parts) => parts.join(''));

  it('match as a regular expression of the same meaning does', () => {
    fc.assert(
      fc.property(
        patterns,
        letters,
        fc.constantFrom<GlobMode>('anywhere', 'whole', 'flat'),
        (pattern, text, mode) => {
          expect(compileGlob(pattern, mode)(text)).toBe(oracle(pattern, mode).test(text));
        },
      ),
      { numRuns: 5_000 },
    );
  });

  it('take time in proportion to pattern and text, whatever the pattern', () => {
    const matchesAll = compileGlob(`${'*a'.repeat(30)}b`, 'anywhere');
    const started = performance.now();
    expect(matchesAll(`/${'a'.repeat(4_000)}`)).toBe(false);
    expect(performance.now() - started).toBeLessThan(500);
  });

  it('of a quoted literal match that and nothing else', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
        const test = compileFilter(filterOf(`mount:${quoteLiteral(text)}`));
        expect(test(span({ mount: text }))).toBe(true);
        expect(test(span({ mount: `${text}x` }))).toBe(false);
      }),
    );
  });
});

describe('completion', () => {
  const known = { mounts: ['/mnt/x', '/mnt/my disk'], comms: ['rsync', 'cat'], paths: ['/a*b'] };
  const at = (text: string) => {
    const { from, to, items } = complete(text, text.length, known);
    return { from, to, inserts: items.map((item) => item.insert) };
  };

  it('offers keys, also after a minus', () => {
    expect(at('op:read s').inserts).toEqual(['state:', 'source:', 'size:']);
    expect(at('-er')).toEqual({ from: 1, to: 3, inserts: ['errno:'] });
    expect(at('').inserts).toContain('op:');
  });

  it('offers values for the part of a list that is being typed', () => {
    expect(at('op:read,wr')).toEqual({ from: 8, to: 10, inserts: ['write'] });
    expect(at('errno:enoe').inserts[0]).toBe('ENOENT');
    expect(at('state:').inserts).toEqual(['open', 'done', 'aborted', 'lost']);
    expect(at('dur:>1').inserts[0]).toBe('>1ms');
  });

  it('offers known names, quoted so that they are read literally', () => {
    expect(at('mount:"/mnt/my').inserts).toEqual(['"/mnt/my disk"']);
    expect(at('path:').inserts).toEqual(['/a\\*b']);
    expect(at('comm:rs').inserts).toEqual(['rsync']);
  });

  it('says which operations a family name stands for', () => {
    expect(complete('op:rename', 9, known).items[0]?.about).toBe('and rename2');
  });
});
