import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chrome } from '../../server/export/chrome.ts';
import { CSV_COLUMNS, csv } from '../../server/export/csv.ts';
import type { Exporter } from '../../server/export/format.ts';
import { html } from '../../server/export/html.ts';
import { InFlight } from '../../server/export/in-flight.ts';
import { Lanes } from '../../server/export/lanes.ts';
import { ndjson } from '../../server/export/ndjson.ts';
import { otlp } from '../../server/export/otlp.ts';
import { perfetto } from '../../server/export/perfetto.ts';
import { blankSpan, type Span } from '../../shared/span.ts';
import { readMessage, textOf } from '../support/proto-reader.ts';

const BASE = 1_732_160_000_000_000;

function span(id: number, startUs: number, durationNs: number | null, fields: Partial<Span> = {}): Span {
  return {
    ...blankSpan(id, 1, '/mnt/x', 'mirror', 'read'),
    startUs: BASE + startUs,
    durationNs,
    state: durationNs === null ? 'open' : 'done',
    errno: durationNs === null ? null : 0,
    tid: 41,
    pid: 41,
    comm: 'cat',
    ...fields,
  };
}

async function* chunksOf(spans: Span[]): AsyncIterable<Span[]> {
  for (let i = 0; i < spans.length; i += 3) yield spans.slice(i, i + 3);
}

async function written(exporter: Exporter, spans: Span[]): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of exporter.write(chunksOf(spans), { untilUs: BASE + 1e6, version: '0' })) {
    parts.push(Buffer.from(part as string));
  }
  return Buffer.concat(parts);
}

const someSpans = fc
  .array(
    fc.record({ start: fc.nat(1_000), duration: fc.option(fc.nat(500_000), { nil: null }), tid: fc.nat(3) }),
    {
      maxLength: 60,
    },
  )
  .map((list) =>
    list
      .sort((a, b) => a.start - b.start)
      .map((one, i) => span(i + 1, one.start, one.duration, { tid: one.tid })),
  );

const hostile = span(7, 0, 1_500, {
  path: '/=cmd|"x",\r\n\u202e</script>',
  comm: '=1+1',
  fh: '18446744073709551615',
  args: { flags: 2 },
});

describe('lanes', () => {
  it('never let two operations of one lane overlap', () => {
    fc.assert(
      fc.property(someSpans, (spans) => {
        const lanes = new Lanes();
        const ends = new Map<number, number>();
        for (const one of spans) {
          const { number } = lanes.laneOf(one);
          expect(one.startUs).toBeGreaterThanOrEqual(ends.get(number) ?? 0);
          ends.set(
            number,
            one.durationNs === null ? Number.POSITIVE_INFINITY : one.startUs + one.durationNs / 1e3,
          );
        }
      }),
    );
  });
});

describe('ndjson', () => {
  it('loses nothing', async () => {
    const spans = [span(1, 0, 10), hostile, span(3, 5.25, null)];
    const text = (await written(ndjson, spans)).toString();
    expect(
      text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Span),
    ).toEqual(spans);
  });
});

describe('csv', () => {
  it('quotes what needs it and disarms formulas', async () => {
    const text = (await written(csv, [hostile, span(2, 1, null)])).toString();
    const [head, ...rest] = text.split('\r\n');
    expect(head).toBe(CSV_COLUMNS.join(','));
    expect(text).toContain('"/=cmd|""x"",\r\n');
    expect(text).toContain(",'=1+1,");
    expect(text).toContain('18446744073709551615');
    expect(rest.at(-2)).toMatch(/^2,\/mnt\/x,mirror,,read,open,/);
  });
});

describe('chrome', () => {
  it('is JSON with one bar for each span, open ones begun and not ended', async () => {
    await fc.assert(
      fc.asyncProperty(someSpans, async (spans) => {
        const trace = JSON.parse((await written(chrome, spans)).toString()) as {
          traceEvents: { ph: string; ts: number; dur?: number; tid: number }[];
        };
        const bars = trace.traceEvents.filter((event) => event.ph !== 'M');
        expect(bars.map((bar) => [bar.ph, bar.ts, bar.dur ?? null])).toEqual(
          spans.map((one) =>
            one.durationNs === null ? ['B', one.startUs, null] : ['X', one.startUs, one.durationNs / 1e3],
          ),
        );
      }),
      { numRuns: 30 },
    );
  });
});

describe('perfetto', () => {
  it('holds a slice for each span on a described track, open ones without an end', async () => {
    await fc.assert(
      fc.asyncProperty(someSpans, async (spans) => {
        const packets = (readMessage(await written(perfetto, spans)).get(1) ?? []).map((packet) =>
          readMessage(packet as Uint8Array),
        );
        const tracks = new Set(
          packets
            .flatMap((packet) => packet.get(60) ?? [])
            .map((track) => readMessage(track as Uint8Array).get(1)?.[0]),
        );
        const open = new Map<unknown, bigint[]>();
        let ended = 0;
        for (const packet of packets) {
          const body = packet.get(11)?.[0];
          if (!(body instanceof Uint8Array)) continue;
          const event = readMessage(body);
          const track = event.get(11)?.[0];
          expect(tracks.has(track)).toBe(true);
          const at = packet.get(8)?.[0] as bigint;
          if (event.get(9)?.[0] === 3n || event.get(9)?.[0] === 4n) continue;
          if (event.get(9)?.[0] === 1n) {
            expect(textOf(event.get(23)?.[0])).toBe('read');
            open.set(track, [...(open.get(track) ?? []), at]);
          } else {
            const begun = open.get(track)?.pop();
            expect(begun !== undefined && begun <= at).toBe(true);
            ended++;
          }
        }
        expect(ended).toBe(spans.filter((one) => one.durationNs !== null).length);
        expect([...open.values()].flat()).toHaveLength(spans.length - ended);
      }),
      { numRuns: 30 },
    );
  });

  it('keeps nanoseconds and 64-bit values', async () => {
    const packets =
      readMessage(await written(perfetto, [{ ...hostile, startUs: BASE + 0.25, durationNs: 7 }])).get(1) ??
      [];
    const stamps = eventsOf(packets)
      .filter(({ type }) => type === 1n || type === 2n)
      .map(({ at }) => at);
    expect(stamps).toEqual([BigInt(BASE) * 1000n + 250n, BigInt(BASE) * 1000n + 257n]);
    expect(Buffer.concat(packets as Uint8Array[]).includes('18446744073709551615')).toBe(true);
  });

  it('leads from the queue to the service, marks stalls and counts what is in flight', async () => {
    const spans = [
      span(1, 0, 3_000_000_000, { op: 'getattr', queueNs: 1_000_000_000, daemonTid: 77 }),
      span(2, 500_000, null, { op: 'read', tid: 42 }),
    ];
    const packets = readMessage(await written(perfetto, spans)).get(1) ?? [];
    const events = eventsOf(packets);
    const at = (us: number) => BigInt(BASE + us) * 1000n;
    const begun = events.find(({ event }) => event.has(47));
    const picked = events.find(({ event }) => event.has(48));
    expect([begun?.at, begun?.event.get(47)?.[0]]).toEqual([at(0), 1n]);
    expect([picked?.at, picked?.event.get(48)?.[0]]).toEqual([at(1_000_000), 1n]);
    expect(picked?.event.get(11)).not.toEqual(begun?.event.get(11));
    const stalls = events.filter(({ type }) => type === 3n);
    expect(stalls.map((one) => [one.at, textOf(one.event.get(23)?.[0])])).toEqual([
      [at(1_000_000), 'stall: getattr'],
    ]);
    const counts = events.filter(({ type }) => type === 4n);
    expect(counts.map((one) => [one.at, one.event.get(30)?.[0]])).toEqual([
      [at(0), 1n],
      [at(500_000), 2n],
      [at(3_000_000), 1n],
    ]);
  });
});

function eventsOf(packets: readonly unknown[]) {
  return packets.flatMap((packet) => {
    const fields = readMessage(packet as Uint8Array);
    const body = fields.get(11)?.[0];
    if (!(body instanceof Uint8Array)) return [];
    const event = readMessage(body);
    return [{ at: fields.get(8)?.[0], type: event.get(9)?.[0], event }];
  });
}

describe('what is in flight', () => {
  it('is at every moment the number of spans that have begun and not ended', () => {
    fc.assert(
      fc.property(someSpans, (spans) => {
        const told: [bigint, number][] = [];
        const counter = new InFlight((_mount, at, value) => told.push([at, value]));
        // In steps longer than those that are told as one.
        const begin = (one: Span) => BigInt(one.startUs - BASE) * 1_000_000n;
        const end = (one: Span) =>
          one.durationNs === null ? null : begin(one) + BigInt(one.durationNs) * 1_000_000n + 1n;
        for (const one of spans) counter.add(1, begin(one), end(one));
        counter.end();
        for (const [i, [at, value]] of told.entries()) {
          if (told[i + 1]?.[0] === at) continue;
          const inside = spans.filter((one) => begin(one) <= at && (end(one) ?? at + 1n) > at);
          expect(value).toBe(inside.length);
        }
        expect(told.at(-1)?.[1] ?? 0).toBe(spans.filter((one) => one.durationNs === null).length);
      }),
      { numRuns: 50 },
    );
  });
});

describe('otlp', () => {
  it('is one request a line, with conventional attributes and open spans flagged', async () => {
    const spans = [{ ...hostile, error: 'EIO', errno: 5, uid: 1000 }, span(8, 10, null, { path: '/a' })];
    const [line = ''] = (await written(otlp, spans)).toString().split('\n');
    const request = JSON.parse(line) as {
      resourceSpans: {
        scopeSpans: {
          spans: (Record<string, unknown> & { attributes: { key: string; value: object }[] })[];
        }[];
      }[];
    };
    const [first, second] = request.resourceSpans[0]?.scopeSpans[0]?.spans ?? [];
    const attributes = (one: typeof first) =>
      Object.fromEntries((one?.attributes ?? []).map(({ key, value }) => [key, Object.values(value)[0]]));
    expect(first).toMatchObject({
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      spanId: '0000000000000007',
      name: 'read',
      startTimeUnixNano: `${BASE}000`,
      endTimeUnixNano: `${BigInt(BASE) * 1000n + 1500n}`,
      status: { code: 2, message: 'EIO' },
    });
    expect(attributes(first)).toMatchObject({
      'file.path': hostile.path,
      'process.pid': '41',
      'thread.id': '41',
      'user.id': '1000',
      'error.type': 'EIO',
      'fuse.fh': '18446744073709551615',
      'fuse.args.flags': '2',
    });
    expect(attributes(first)).not.toHaveProperty('fusescope.unfinished');
    expect(second?.endTimeUnixNano).toBe(`${BASE + 1_000_000}000`);
    expect(attributes(second)).toMatchObject({ 'fusescope.unfinished': true, 'fusescope.state': 'open' });
  });
});

describe('html', () => {
  it('holds names as data that cannot end their element, and stays under 10 MB', async () => {
    const text = (await written(html, [hostile])).toString();
    expect(text.split('</script>')).toHaveLength(3);
    const many = Array.from({ length: 3_000 }, (_, i) =>
      span(i + 1, i, 10, { path: `/${String(i).padStart(5_000, 'x')}` }),
    );
    const long = Array.from({ length: 10 }, () => many).flat();
    const big = await written(
      html,
      long.map((one, i) => ({ ...one, path: `${i}${one.path}`, newPath: `${i}b${one.path}` })),
    );
    expect(big.length).toBeLessThan(10_000_000);
    expect(big.includes('"cut":true')).toBe(true);
  });
});
