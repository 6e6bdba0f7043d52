// The whole way of a trace: events are paired into spans as the server does it, exported, and imported again by the
// process that reads logs. What comes back is what pairing made, whatever the events were.
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csv } from '../../../server/export/csv.ts';
import type { Exporter } from '../../../server/export/format.ts';
import { ndjson } from '../../../server/export/ndjson.ts';
import { LogReading } from '../../../server/import/reading.ts';
import { Pairing, type PairMount } from '../../../server/ingest/pairing.ts';
import { launchHere } from '../../../server/launch/launch.ts';
import type { Span } from '../../../shared/span.ts';
import type { WireEvent } from '../../../shared/wire/frames.ts';
import { events as anyEvent } from '../../shared/arbitrary.ts';
import { exportInfo } from '../../support/export-info.ts';

const READER = join(import.meta.dirname, '../../../fuse/logs/main.ts');
const MOUNTS: readonly PairMount[] = [
  { id: 1, name: '/mnt/x', kind: 'kernel' },
  { id: 2, name: '/mnt/y, "z"', kind: 'api' },
];
/** Each run starts a process. */
const RUNS = 10;

/** What pairing makes of events: what ended, then what is still open. */
function paired(events: readonly WireEvent[]): Span[] {
  const spans: Span[] = [];
  const pairing = new Pairing({ closed: (span) => spans.push({ ...span }), loss: () => {} }, 1);
  const arrival = { instance: null, local: false, monoNs: 5e9, wallUs: 1.8e15 };
  for (const event of events) {
    const mount = MOUNTS[event.mount];
    if (mount) pairing.push(event, mount, arrival);
  }
  pairing.expire(Number.MAX_SAFE_INTEGER);
  for (const { span } of pairing.openSpans()) spans.push({ ...span });
  return spans;
}

async function* exported(exporter: Exporter, spans: readonly Span[]): AsyncGenerator<Buffer> {
  const chunks = (async function* () {
    yield spans;
  })();
  for await (const piece of exporter.write(chunks, exportInfo(0, 2e15))) yield Buffer.from(piece);
}

async function imported(format: string, bytes: AsyncIterable<Uint8Array>) {
  const spans: Span[] = [];
  const mounts: string[] = [];
  const options = { program: READER, format, mount: null, name: 'log', modifiedUs: null };
  const reading = new LogReading(options, launchHere);
  const { report } = await reading.read(bytes, {
    mount: (name) => mounts.push(name),
    spans: async (some) => {
      spans.push(...some);
    },
  });
  return { spans, report };
}

/** But for numbers that belong to a database; in an order of their own: what has ended may come before what has not. */
function texts(spans: readonly Span[]): string[] {
  return spans
    .map(({ id: _id, mountId: _mountId, ...span }) =>
      JSON.stringify(Object.entries(span).toSorted(([a], [b]) => (a < b ? -1 : 1))),
    )
    .toSorted();
}

describe.each<[string, Exporter]>([
  ['ndjson', ndjson],
  ['csv', csv],
])('events that were paired and exported as %s', (format, exporter) => {
  it('are imported as the same spans', async () => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.array(anyEvent, { minLength: 1, maxLength: 400, size: 'max' }), async (events) => {
        const spans = paired(events);
        // A log in which nothing is, is refused.
        fc.pre(spans.length > 0);
        for (const { state } of spans) seen.add(state);
        const back = await imported(format, exported(exporter, spans));
        const open = spans.filter((span) => span.state === 'open').length;
        expect(back.report).toMatchObject({ format, rejected: 0, foreign: 0, spans: spans.length, open });
        expect(texts(back.spans)).toEqual(texts(spans));
      }),
      { numRuns: RUNS },
    );
    expect([...seen].toSorted()).toEqual(expect.arrayContaining(['done', 'lost', 'open']));
  }, 60_000);
});
