// What the numbering of a collector's events says is missing, over reconnections, restarts and new databases.
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../server/clock.ts';
import { Intake } from '../../server/ingest/intake.ts';
import { IngestSession } from '../../server/ingest/session.ts';
import { openStore } from '../../server/store/store.ts';
import type { Store } from '../../server/store/types.ts';
import { Trace } from '../../server/trace.ts';
import { opCode } from '../../shared/ops.ts';
import { BatchEncoder } from '../../shared/wire/batch-encoder.ts';
import { blankEvent } from '../../shared/wire/blank-event.ts';
import { FrameReader } from '../../shared/wire/frame-reader.ts';
import {
  FRAME,
  type Hello,
  jsonFrame,
  MAGIC,
  type Pace,
  readAck,
  readJson,
  SPAN,
  type Welcome,
} from '../../shared/wire/frames.ts';
import { until } from '../support/until.ts';

const hello: Hello = { v: 1, instance: 'instance-1', kind: 'mirror', pid: 1, comm: 'x', host: 'here' };
const mount = {
  index: 0,
  mount: '/mnt/x',
  fsType: null,
  source: null,
  connection: null,
  daemon: null,
  tier: 'mirror',
};

function spans(firstSeq: number, count: number): Uint8Array {
  const encoder = new BatchEncoder(count);
  for (let i = 0; i < count; i++) {
    const event = blankEvent(SPAN, opCode('read'), firstSeq + i, 1e15 + i);
    encoder.add({ ...event, monoNs: 1, durNs: 1_000, errno: 0, path: '/a', pid: 1, comm: 'cat' });
  }
  return encoder.seal(firstSeq);
}

async function bench() {
  let intake: Intake | null = null;
  const store: Store = await openStore({
    file: ':memory:',
    maxBytes: 1e9,
    maxAgeS: 1e6,
    onDurable: (instance, seq) => intake?.durable(instance, seq),
  });
  const trace = new Trace({ store, clock: systemClock, thresholds: [] }, []);
  intake = new Intake(trace, store, systemClock, 'here');
  const closed: string[] = [];
  const connect = (greeting: Hello = hello) => {
    const acks: number[] = [];
    let welcome: Welcome | null = null;
    const paces: Pace[] = [];
    const replies = new FrameReader((type, payload) => {
      if (type === FRAME.ACK) acks.push(readAck(payload));
      if (type === FRAME.WELCOME) welcome = readJson<Welcome>(payload);
      if (type === FRAME.PACE) paces.push(readJson<Pace>(payload));
    });
    const session = new IngestSession(intake as Intake, {
      send: (bytes) => replies.push(bytes),
      close: (why) => closed.push(why),
      rejected: () => {},
    });
    session.push(Buffer.from(MAGIC));
    session.push(Buffer.from(jsonFrame(FRAME.HELLO, greeting)));
    session.push(Buffer.from(jsonFrame(FRAME.MOUNT, mount)));
    return {
      session,
      acks,
      paces,
      welcome: () => welcome,
      send: (frame: Uint8Array) => session.push(Buffer.from(frame)),
    };
  };
  return { store, trace, intake, closed, connect, [Symbol.asyncDispose]: () => store.close() };
}

it('a collector whose next connection comes before the end of the last is not given up', async () => {
  await using at = await bench();
  const first = at.connect();
  const second = at.connect();
  first.session.end();
  expect(at.intake.connected).toBe(1);
  second.session.end();
  expect(at.intake.connected).toBe(0);
});

describe('a program that waits', () => {
  it('makes collectors tell soon: those that are there, those that come, and those that come back', async () => {
    await using at = await bench();
    const there = at.connect();
    const away = at.connect({ ...hello, instance: 'instance-2' });
    away.session.end();
    at.intake.pace = { prompt: true };
    const comes = at.connect({ ...hello, instance: 'instance-3' });
    const back = at.connect({ ...hello, instance: 'instance-2' });
    at.intake.pace = { prompt: false };
    const late = at.connect({ ...hello, instance: 'instance-4' });
    const both = [{ prompt: true }, { prompt: false }];
    expect([there, away, comes, back, late].map((one) => one.paces)).toEqual([both, [], both, both, []]);
  });
});

describe('a collector’s numbering', () => {
  it('counts a hole exactly, once', async () => {
    await using at = await bench();
    const { send } = at.connect();
    send(spans(1, 10));
    send(spans(31, 10));
    expect(at.trace.losses.byCause()).toEqual({ 'collector-ring-full': 20 });
  });

  it('takes what is sent again after a reconnection only once', async () => {
    await using at = await bench();
    const first = at.connect();
    first.send(spans(1, 10));
    first.session.end();
    const second = at.connect();
    second.send(spans(1, 10));
    second.send(spans(5, 10));
    at.trace.flush();
    const stored = await until('14 spans', async () => {
      const { items } = await at.store.spans({});
      return items.length >= 14 && items;
    });
    expect(stored.map((span) => span.unique).sort((a, b) => Number(a) - Number(b))).toEqual(
      [...Array(14).keys()].map((n) => n + 1),
    );
    expect(at.trace.losses.total).toBe(0);
  });

  it('is acknowledged when it is in the database, and only that is promised to the next connection', async () => {
    await using at = await bench();
    const first = at.connect();
    expect(first.welcome()).toMatchObject({ lastSeq: 0 });
    first.send(spans(1, 10));
    first.session.end();
    expect(at.connect().welcome()).toMatchObject({ lastSeq: 0 });
    const again = at.connect();
    at.trace.flush();
    await until('the receipt', () => again.acks.includes(10));
    expect(at.connect().welcome()).toMatchObject({ lastSeq: 10 });
  });

  it('finds nothing missing that an earlier server with another database has kept', async () => {
    await using at = await bench();
    const { send, welcome } = at.connect({ ...hello, ackedSeq: 500 });
    expect(welcome()).toMatchObject({ lastSeq: 500 });
    send(spans(501, 10));
    expect(at.trace.losses.total).toBe(0);
  });

  it('is cut off, with the reason, where the protocol is broken; what came before is kept', async () => {
    await using at = await bench();
    const one = at.connect();
    one.send(spans(1, 3));
    one.send(Uint8Array.of(5, 0, 0, 0, 99, 1, 2, 3, 4));
    expect(at.closed).toEqual(['frame type 99 is not known']);
    one.send(spans(4, 3));
    at.trace.flush();
    await until('the three spans', async () => (await at.store.spans({})).items.length === 3);
    at.connect({ ...hello, v: 9 });
    expect(at.closed[1]).toMatch(/version 9/);
  });
});
