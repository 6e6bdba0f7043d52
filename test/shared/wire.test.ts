import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBatch, WireError } from '../../shared/wire/batch-decoder.ts';
import { BatchEncoder, MAX_STRING_BYTES } from '../../shared/wire/batch-encoder.ts';
import { FrameReader } from '../../shared/wire/frame-reader.ts';
import { FRAME, jsonFrame, readJson, type WireEvent } from '../../shared/wire/frames.ts';

const u64 = fc.oneof(
  fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }).map(String),
);
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const event: fc.Arbitrary<WireEvent> = fc.record({
  kind: fc.constantFrom(1, 2, 3),
  mount: fc.integer({ min: 0, max: 0xffff }),
  op: fc.integer({ min: 0, max: 0xffff }),
  id: fc.oneof(u64, fc.uuid()),
  monoNs: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  tsUs: fc.double({ min: 0, max: 9e15, noNaN: true }),
  durNs: maybe(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })),
  queueNs: maybe(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })),
  errno: maybe(fc.integer({ min: 0, max: 4095 })),
  path: maybe(text),
  newPath: maybe(text),
  nodeid: maybe(u64),
  fh: maybe(u64),
  offset: maybe(u64),
  size: maybe(u64),
  bytes: maybe(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })),
  pid: maybe(u32),
  tid: maybe(u32),
  uid: maybe(u32),
  gid: maybe(u32),
  comm: maybe(text),
  daemonTid: maybe(u32),
  args: maybe(fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.boolean()))),
});

const payloadOf = (frame: Uint8Array) => frame.subarray(5);
const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

describe('EVENTS frames', () => {
  it('carry every event unchanged', () => {
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 50 }), (events) => {
        const encoder = new BatchEncoder(64);
        for (const one of events) expect(encoder.add(one)).toBe(true);
        const batch = decodeBatch(payloadOf(encoder.seal(7)));
        expect(batch.firstSeq).toBe(7);
        expect(plain(batch.events)).toEqual(plain(events));
        expect(encoder.count).toBe(0);
      }),
    );
  });

  it('say when they are full, by records and by strings, and take the event after sealing', () => {
    const [sample] = fc.sample(event, 1);
    const encoder = new BatchEncoder(2);
    const one = { ...(sample as WireEvent), args: null, id: 1, newPath: null, comm: null };
    expect([encoder.add(one), encoder.add(one), encoder.add(one)]).toEqual([true, true, false]);
    encoder.seal(1);
    expect(encoder.add(one)).toBe(true);
    const strings = new BatchEncoder(1000);
    let taken = 0;
    while (strings.add({ ...one, path: `/${taken}`.padEnd(5_000, 'x') })) taken++;
    expect(taken).toBeGreaterThan(0);
    expect(taken).toBeLessThan(1000);
  });

  it('cut a string that is too long at a character', () => {
    const [sample] = fc.sample(event, 1);
    const encoder = new BatchEncoder(1);
    encoder.add({ ...(sample as WireEvent), path: 'ä'.repeat(MAX_STRING_BYTES) });
    const path = decodeBatch(payloadOf(encoder.seal(1))).events[0]?.path ?? '';
    expect(path).toMatch(/^ä+…$/);
    expect(Buffer.byteLength(path)).toBeLessThanOrEqual(MAX_STRING_BYTES);
  });

  it('that lie about themselves are refused, never misread', () => {
    const [sample] = fc.sample(event, 1);
    const encoder = new BatchEncoder(4);
    encoder.add(sample as WireEvent);
    const good = payloadOf(encoder.seal(1)).slice();
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 }), fc.nat(200), (at, byte, cut) => {
        const bad = good.slice(0, good.length - (cut > 100 ? cut - 100 : 0));
        if (at < bad.length) bad[at] = byte;
        try {
          decodeBatch(bad);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
    );
  });
});

describe('FrameReader', () => {
  it('finds the same frames however the stream is cut', () => {
    const frames = [1, 2, 3, 4].map((n) => jsonFrame(FRAME.MOUNT, { n, pad: 'x'.repeat(n * 50) }));
    const stream = Buffer.concat(frames);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1 }), (cuts) => {
        const seen: unknown[] = [];
        const reader = new FrameReader((type, payload) =>
          seen.push([type, readJson<{ n: number }>(payload).n]),
        );
        let at = 0;
        for (let i = 0; at < stream.length; i++) {
          const size = cuts[i % cuts.length] ?? 1;
          reader.push(stream.subarray(at, at + size));
          at += size;
        }
        expect(seen).toEqual([1, 2, 3, 4].map((n) => [FRAME.MOUNT, n]));
        expect(reader.pendingBytes).toBe(0);
      }),
    );
  });

  it('refuses a length that no frame may have', () => {
    const reader = new FrameReader(() => {});
    expect(() => reader.push(new Uint8Array([255, 255, 255, 127, 0]))).toThrow(WireError);
  });
});
