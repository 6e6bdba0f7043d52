import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chrome } from '../../server/export/chrome.ts';
import { CSV_COLUMNS, csv } from '../../server/export/csv.ts';
import type { Exporter, ExportInfo } from '../../server/export/format.ts';
import { InFlight } from '../../server/export/in-flight.ts';
import { Lanes } from '../../server/export/lanes.ts';
import { ndjson } from '../../server/export/ndjson.ts';
import { otlp } from '../../server/export/otlp.ts';
import { perfetto } from '../../server/export/perfetto.ts';
import { noDiagnosis } from '../../shared/diagnosis.ts';
import { blankSpan, type Span } from '../../shared/span.ts';
import type { Stall } from '../../shared/stall.ts';
import { exportInfo } from '../support/export-info.ts';
import { type Field, readMessage, textOf } from '../support/proto-reader.ts';

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

async function written(exporter: Exporter, spans: Span[], more: Partial<ExportInfo> = {}): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of exporter.write(chunksOf(spans), exportInfo(BASE, BASE + 1e6, more))) {
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
        let next = 1;
        for (const one of spans) {
          const end = one.durationNs === null ? Number.POSITIVE_INFINITY : one.startUs + one.durationNs / 1e3;
          const number = lanes.laneOf(String(one.tid), one.startUs, end, () => next++);
          expect(one.startUs).toBeGreaterThanOrEqual(ends.get(number) ?? 0);
          ends.set(number, end);
        }
      }),
    );
  });
});

describe('operations in flight', () => {
  it('are counted as the most within each part of the range', () => {
    const inFlight = new InFlight(0, 10_000 * 10);
    const at = (startUs: number, durationNs: number | null) => ({ ...span(1, 0, durationNs), startUs });
    const counts = [at(1, 25_000), at(3, 1_000), at(95, 3_000), at(97, null)].flatMap((one) =>
      inFlight.add(one),
    );
    counts.push(...inFlight.end(10_000 * 10));
    expect(counts.map(({ atUs, value }) => [atUs, value])).toEqual([
      [0, 2],
      [10, 1],
      [30, 0],
      [90, 2],
      [100, 1],
    ]);
  });

  it('never fewer than there are, wherever one looks', () => {
    fc.assert(
      fc.property(someSpans, (spans) => {
        const [fromUs, untilUs] = [BASE, BASE + 2_000];
        const inFlight = new InFlight(fromUs, untilUs);
        const counts = [...spans.flatMap((one) => inFlight.add(one)), ...inFlight.end(untilUs)];
        const order = counts.map((one) => one.atUs);
        expect(order).toEqual(order.toSorted((a, b) => a - b));
        for (const looked of spans.filter((one) => one.startUs < untilUs)) {
          const there = spans.filter(
            (one) =>
              one.startUs <= looked.startUs &&
              (one.durationNs === null || one.startUs + one.durationNs / 1e3 > looked.startUs),
          ).length;
          const told = counts.findLast((one) => one.atUs <= looked.startUs)?.value ?? 0;
          expect(told).toBeGreaterThanOrEqual(there);
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
        const bars = trace.traceEvents.filter((event) => event.ph === 'X' || event.ph === 'B');
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

const COUNTER = 4n;

/** The TrackEvent of a packet. */
function eventOf(packet: Map<number, Field[]>): Map<number, Field[]> | null {
  const body = packet.get(11)?.[0];
  return body instanceof Uint8Array ? readMessage(body) : null;
}

const queued = span(5, 10, 2_000_000, { queueNs: 500_000, daemonTid: 99, path: '/a' });
const stall: Stall = {
  id: 1,
  span: queued,
  ageMs: 2_000,
  thresholdMs: 1_000,
  state: 'closed',
  raisedUs: BASE + 1_010,
  closedUs: BASE + 2_010,
  endedBy: null,
  ...noDiagnosis(),
};

describe('what a daemon took out of its queue', () => {
  it('is a flow from the caller to the daemon thread, with the stall as a mark and a counter: perfetto', async () => {
    const packets = (readMessage(await written(perfetto, [queued], { stalls: [stall] })).get(1) ?? []).map(
      (one) => readMessage(one as Uint8Array),
    );
    const tracks = new Map(
      packets
        .flatMap((packet) => packet.get(60) ?? [])
        .map((track) => readMessage(track as Uint8Array))
        .map(
          (track) =>
            [track.get(1)?.[0], { name: textOf(track.get(2)?.[0]), under: track.get(5)?.[0] }] as const,
        ),
    );
    const placeOf = (track: Field | undefined): string => {
      const one = tracks.get(track);
      return one ? [placeOf(one.under), one.name].filter(Boolean).join(' > ') : '';
    };
    const events = packets.flatMap((packet) => eventOf(packet) ?? []);
    const told = events.map((event) => [
      Number(event.get(9)?.[0]),
      placeOf(event.get(11)?.[0]),
      textOf(event.get(23)?.[0]),
      event.get(47)?.[0] ?? event.get(48)?.[0] ?? event.get(30)?.[0] ?? null,
    ]);
    const caller = '/mnt/x > cat 41 > thread 41';
    const daemon = '/mnt/x > daemon > thread 99';
    expect(told).toEqual([
      [1, caller, 'read', null],
      [2, caller, '', null],
      [1, caller, 'queue', 5n],
      [2, caller, '', null],
      [1, daemon, 'read', 5n],
      [2, daemon, '', null],
      [3, '/mnt/x > stalls', 'stall: read', null],
      [4, '/mnt/x > in flight', '', 1n],
      [4, '/mnt/x > in flight', '', 0n],
    ]);
  });

  it('the same in a Chrome trace', async () => {
    const { traceEvents } = JSON.parse((await written(chrome, [queued], { stalls: [stall] })).toString()) as {
      traceEvents: { ph: string; name: string; tid: number; ts: number; args: { name?: string } }[];
    };
    const names = new Map(
      traceEvents.filter(({ name }) => name === 'thread_name').map(({ tid, args }) => [tid, args.name]),
    );
    expect(
      traceEvents
        .filter(({ ph }) => ph !== 'M')
        .map(({ ph, name, tid, ts }) => [ph, name, names.get(tid) ?? '', ts - BASE]),
    ).toEqual([
      ['X', 'read', 'cat 41, thread 41', 10],
      ['X', 'queue', 'cat 41, thread 41', 10],
      ['s', 'taken', 'cat 41, thread 41', 10],
      ['X', 'read', 'daemon, thread 99', 510],
      ['f', 'taken', 'daemon, thread 99', 510],
      ['i', 'stall: read', 'stalls', 1_010],
      ['C', 'in flight', '', 0],
      ['C', 'in flight', '', 2_100],
    ]);
  });
});

describe('otlp', () => {
  it('has one request a line, by mount, with what has not ended flagged', async () => {
    const spans = [
      { ...queued, errno: 5, error: 'EIO' },
      span(6, 20, null),
      { ...span(7, 30, 5), mountId: 2, mount: '/y' },
    ];
    const mounts: ExportInfo['mounts'] = [
      { ...WHEN, id: 1, host: 'here', mount: '/mnt/x', kind: 'kernel', fsType: 'fuse.sshfs', source: 'a:/b' },
    ];
    const text = (await written(otlp, spans, { mounts })).toString();
    const requests = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as OtlpLine);
    const resources = requests.flatMap((request) => request.resourceSpans);
    expect(resources.map(({ resource }) => valuesOf(resource.attributes))).toEqual([
      expect.objectContaining({
        'service.name': 'fuse /mnt/x',
        'host.name': 'here',
        'fusescope.mount.type': 'fuse.sshfs',
      }),
      expect.objectContaining({ 'service.name': 'fuse /y' }),
    ]);
    const [first, second, third] = resources.flatMap(({ scopeSpans }) =>
      scopeSpans.flatMap((scope) => scope.spans),
    );
    expect(first).toMatchObject({
      traceId: expect.stringMatching(/^[0-9a-f]{16}0000000000000005$/),
      spanId: '0000000000000005',
      startTimeUnixNano: String(BigInt(BASE) * 1_000n + 10_000n),
      endTimeUnixNano: String(BigInt(BASE) * 1_000n + 2_010_000n),
      status: { code: 2, message: 'EIO' },
      events: [{ name: 'taken by the daemon', timeUnixNano: String(BigInt(BASE) * 1_000n + 510_000n) }],
    });
    expect(valuesOf(first?.attributes ?? [])).toMatchObject({
      'file.path': '/a',
      'process.pid': '41',
      'error.type': 'EIO',
    });
    expect(valuesOf(first?.attributes ?? [])).not.toHaveProperty('fusescope.unfinished');
    expect(valuesOf(second?.attributes ?? [])).toMatchObject({
      'fusescope.unfinished': true,
      'fusescope.state': 'open',
    });
    expect(second).toMatchObject({
      spanId: '8000000000000006',
      endTimeUnixNano: String(BigInt(BASE + 1e6) * 1_000n),
    });
    expect(third?.traceId).not.toBe(first?.traceId);
  });

  it('tells numbers and times to the ns, whatever they are', async () => {
    const anySpan = fc.record({
      id: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      // A quarter of a µs is the finest that a time of ours holds.
      start: fc.oneof(
        fc.nat(4e6).map((quarters) => quarters / 4),
        fc.integer({ min: 3.9e6, max: 4.1e6 }).map((quarters) => quarters / 4),
      ),
      duration: fc.oneof(fc.nat(2_000_000), fc.nat(Number.MAX_SAFE_INTEGER)),
      offset: fc.oneof(fc.nat(), fc.integer(), fc.constant(2 ** 31), fc.constant('9223372036854775807')),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(anySpan, { maxLength: 20 }), async (list) => {
        const spans = list.map(({ id, start, duration, offset }) => span(id, start, duration, { offset }));
        const text = (await written(otlp, spans)).toString();
        const lines = text === '' ? [] : text.trimEnd().split('\n');
        const read = lines
          .flatMap((line) => (JSON.parse(line) as OtlpLine).resourceSpans)
          .flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
        expect(
          read.map(({ spanId, startTimeUnixNano, endTimeUnixNano, attributes }) => ({
            spanId,
            startNs: startTimeUnixNano,
            durationNs: BigInt(String(endTimeUnixNano)) - BigInt(String(startTimeUnixNano)),
            offset: valuesOf(attributes)['fusescope.offset'],
          })),
        ).toEqual(
          list.map(({ id, start, duration, offset }) => ({
            spanId: id.toString(16).padStart(16, '0'),
            startNs: String(BigInt(BASE) * 1_000n + BigInt(start * 1_000)),
            durationNs: BigInt(duration),
            offset: String(offset),
          })),
        );
      }),
    );
  });
});

const WHEN = { connection: 1, firstSeenUs: 0, lastSeenUs: 0, goneUs: null };

interface OtlpAttribute {
  key: string;
  value: Record<string, unknown>;
}
interface OtlpLine {
  resourceSpans: {
    resource: { attributes: OtlpAttribute[] };
    scopeSpans: { spans: (Record<string, unknown> & { attributes: OtlpAttribute[] })[] }[];
  }[];
}
const valuesOf = (attributes: OtlpAttribute[]) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

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
          if (event.get(9)?.[0] === COUNTER) continue;
          const at = packet.get(8)?.[0] as bigint;
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
    const stamps = packets
      .map((packet) => readMessage(packet as Uint8Array))
      .filter((packet) => eventOf(packet)?.get(9)?.[0] !== COUNTER)
      .flatMap((packet) => packet.get(8) ?? []);
    expect(stamps).toEqual([BigInt(BASE) * 1000n + 250n, BigInt(BASE) * 1000n + 257n]);
    expect(Buffer.concat(packets as Uint8Array[]).includes('18446744073709551615')).toBe(true);
  });
});
