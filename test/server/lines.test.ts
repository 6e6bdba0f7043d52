import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineSplitter, lineToEvent, MAX_LINE_BYTES, parseEventLine } from '../../server/ingest/lines.ts';

const enter = { ev: 'ENTER', mount: '/mnt/x', id: 17, op: 'read', ts: 1732160000123456.5 };
const errorOf = (value: unknown) =>
  parseEventLine(typeof value === 'string' ? value : JSON.stringify(value)).error;

describe('event lines', () => {
  it('are read as the contract shows them', () => {
    const text =
      '{"ev":"ENTER","mount":"/mnt/x","id":17,"op":"read","ts":1732160000123456.5,"path":"/a","fh":3,"offset":4096,"size":131072,"pid":41,"tid":41,"uid":0,"comm":"cat"}';
    const { line } = parseEventLine(text);
    expect(line).toMatchObject({ op: 'read', ts: 1732160000123456.5, fh: 3 });
    expect(line && lineToEvent(line, 0)).toMatchObject({
      kind: 1,
      op: 15,
      tsUs: 1732160000123456.5,
      size: 131072,
      comm: 'cat',
    });
  });

  it('round nothing', () => {
    const { line } = parseEventLine(
      JSON.stringify({ ...enter, fh: '18446744073709551615', offset: '9007199254740993' }),
    );
    expect(line && lineToEvent(line, 0)).toMatchObject({
      fh: '18446744073709551615',
      offset: '9007199254740993',
    });
  });

  it('that are wrong get an error that says where', () => {
    expect(errorOf('{"ev":')).toMatch(/^not JSON/);
    expect(errorOf('[]')).toBe('not a JSON object');
    expect(errorOf({ ...enter, ts: 'now' })).toMatch(/^ts: /);
    expect(errorOf({ ...enter, ev: 'START' })).toMatch(/^ev: /);
    expect(errorOf({ ...enter, op: 'reed' })).toMatch(/^op: "reed" is no operation/);
    expect(errorOf({ ...enter, op: undefined })).toMatch(/^op: missing/);
    expect(errorOf({ ...enter, path: 'a' })).toMatch(/^path: must start/);
    expect(errorOf({ ...enter, errno: -5 })).toMatch(/^errno: /);
    expect(errorOf({ ...enter, id: undefined })).toMatch(/id/);
    expect(errorOf({ ...enter, fh: 2 ** 60 })).toMatch(/^fh: /);
    expect(errorOf({ ...enter, args: { nested: {} } })).toMatch(/^args/);
  });

  it('never throw, whatever comes', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseEventLine(text)));
    fc.assert(fc.property(fc.json(), (text) => void parseEventLine(text)));
  });
});

describe('LineSplitter', () => {
  it('finds the same lines however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc
            .string({ unit: 'grapheme' })
            .filter((text) => !/[\r\n]/.test(text) && text.trim() === text && text !== ''),
        ),
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
        (lines, cuts) => {
          const seen: string[] = [];
          const splitter = new LineSplitter(
            (line) => seen.push(line),
            () => {},
          );
          const stream = Buffer.from(lines.join('\n'));
          for (let at = 0, i = 0; at < stream.length; i++) {
            const size = cuts[i % cuts.length] ?? 1;
            splitter.push(stream.subarray(at, at + size));
            at += size;
          }
          splitter.end();
          expect(seen).toEqual(lines);
        },
      ),
    );
  });

  it('skips a line that is too long without keeping it, and goes on with its number', () => {
    const seen: [string, number][] = [];
    const long: number[] = [];
    const splitter = new LineSplitter(
      (line, number) => seen.push([line, number]),
      (number) => long.push(number),
    );
    splitter.push(Buffer.from('a\n'));
    for (let i = 0; i < 3; i++) splitter.push(Buffer.alloc(MAX_LINE_BYTES / 2, 120));
    splitter.push(Buffer.from('\nb\r\n\nc'));
    splitter.end();
    expect(seen).toEqual([
      ['a', 1],
      ['b', 3],
      ['c', 5],
    ]);
    expect(long).toEqual([2]);
  });
});
