import { describe, expect, it } from 'vitest';
import { LiveHub, type LiveSocket, MAX_SPANS_PER_FRAME } from '../../server/live/hub.ts';
import { compileFilter } from '../../shared/filter/compile.ts';
import { parse } from '../../shared/filter/parse.ts';
import type { BatchFrame, LiveFrame } from '../../shared/live.ts';
import { blankSpan, type Span } from '../../shared/span.ts';

class FakeSocket implements LiveSocket {
  bufferedAmount = 0;
  readonly frames: LiveFrame[] = [];
  ended = false;
  readonly texts: string[] = [];
  send(text: string): void {
    this.texts.push(text);
    this.frames.push(JSON.parse(text) as LiveFrame);
  }
  terminate(): void {
    this.ended = true;
  }
  batches(): BatchFrame[] {
    return this.frames.filter((frame) => frame.type === 'batch');
  }
}

const all = { filter: '', match: null, spans: true };
const reads = { filter: 'op:read', match: (span: Span) => span.op === 'read', spans: true };
const hello = { type: 'error', code: 'x', message: 'stands for the snapshot' } as const;
const parsed = (text: string) => {
  const result = parse(text);
  if (!result.ok) throw new Error(result.error.message);
  return result.filter;
};
const span = (id: number, op = 'read') => blankSpan(id, 1, '/m', 'mirror', op);

describe('live hub', () => {
  it('sends each client what its filter matches, and nothing where nothing changed', () => {
    const hub = new LiveHub();
    const [a, b] = [new FakeSocket(), new FakeSocket()];
    hub.join(a, all, hello);
    hub.join(b, reads, hello);
    const open: Span[] = [];
    hub.flush(0, open);
    hub.offer(span(1, 'read'));
    hub.offer(span(2, 'write'));
    hub.flush(1, open);
    hub.flush(2, open);
    expect(a.batches().map((frame) => frame.spans.map((one) => one.id))).toEqual([[], [1, 2]]);
    expect(b.batches().map((frame) => frame.spans.map((one) => one.id))).toEqual([[], [1]]);
    expect(a.batches().map((frame) => frame.open)).toEqual([[], null]);
  });

  it('puts what ended since the last frame in the order of its end, also where more came than a frame holds', () => {
    const hub = new LiveHub();
    const socket = new FakeSocket();
    hub.join(socket, all, hello);
    const ended = (id: number, startUs: number, durationUs: number) =>
      hub.offer({ ...span(id), startUs, durationNs: durationUs * 1e3 });
    ended(1, 100, 50);
    ended(2, 120, 10);
    ended(3, 90, 60);
    hub.flush(0, []);
    for (let id = 0; id < MAX_SPANS_PER_FRAME + 5; id++) ended(id, 1_000 - (id % 7), 0);
    hub.flush(1, []);
    const [first, second] = socket.batches().map((frame) => frame.spans);
    expect(first?.map(({ id }) => id)).toEqual([2, 1, 3]);
    const starts = second?.map(({ startUs }) => startUs) ?? [];
    expect(starts).toHaveLength(MAX_SPANS_PER_FRAME);
    expect(starts).toEqual(starts.toSorted((a, b) => a - b));
  });

  it('asks a filter about an open operation by the clock, whatever its place in the list', () => {
    const hub = new LiveHub();
    const socket = new FakeSocket();
    const old = compileFilter(parsed('dur:>1s'));
    hub.join(socket, { filter: 'dur:>1s', match: old, spans: true }, hello);
    const nowUs = Date.now() * 1_000;
    const ages = [5e6, 10, 7e6].map((ageUs, i) => ({ ...span(i + 1), startUs: nowUs - ageUs }));
    hub.flush(nowUs, ages);
    expect(socket.batches()[0]?.open?.map((one) => one.id)).toEqual([1, 3]);
  });

  it('says when the first client has come that waits for operations, and when the last one has gone', () => {
    const hub = new LiveHub();
    const said: boolean[] = [];
    hub.onHurry = (prompt) => said.push(prompt);
    const [page, mounts, first, second] = [0, 1, 2, 3].map(() => new FakeSocket()) as FakeSocket[];
    const waits = { ...all, prompt: true };
    hub.join(page as FakeSocket, all, hello);
    hub.join(mounts as FakeSocket, { ...waits, spans: false }, hello);
    expect(said).toEqual([]);
    hub.join(first as FakeSocket, waits, hello);
    hub.join(second as FakeSocket, { ...reads, prompt: true }, hello);
    hub.subscribe(first as FakeSocket, { ...reads, prompt: true });
    hub.leave(second as FakeSocket);
    expect(said).toEqual([true]);
    hub.leave(first as FakeSocket);
    expect(said).toEqual([true, false]);
  });

  it('tells those who wait as soon as something has ended, and the others with their next frame', async () => {
    const hub = new LiveHub(() => 7);
    const [page, waiting] = [new FakeSocket(), new FakeSocket()];
    hub.join(page, all, hello);
    const told = new Promise<void>((resolve) => {
      const send = waiting.send.bind(waiting);
      waiting.send = (text) => {
        send(text);
        if (waiting.batches().some((frame) => frame.spans.length > 0)) resolve();
      };
    });
    hub.join(waiting, { ...all, prompt: true }, hello);
    hub.offer(span(1));
    hub.offer(span(2));
    await told;
    const [frame, ...more] = waiting.batches();
    expect(frame).toMatchObject({ nowUs: 7, spans: [{ id: 1 }, { id: 2 }] });
    expect(more).toEqual([]);
    expect(page.batches()).toEqual([]);
    hub.flush(8, []);
    expect(page.batches()[0]?.spans.map((one) => one.id)).toEqual([1, 2]);
    expect(waiting.batches().flatMap((one) => one.spans)).toHaveLength(2);
  });

  it('encodes once for all clients with the same filter', () => {
    const hub = new LiveHub();
    const sockets = Array.from({ length: 50 }, () => new FakeSocket());
    for (const socket of sockets) hub.join(socket, reads, hello);
    let encoded = 0;
    const toJSON = () => {
      encoded++;
      return { id: 1 };
    };
    const one = Object.assign(span(1), { toJSON });
    hub.offer(one);
    hub.flush(0, []);
    expect(sockets.every((socket) => socket.batches()[0]?.spans.length === 1)).toBe(true);
    expect(encoded).toBe(1);
  });

  it('leaves a slow client out of frames, then tells it how much it missed', () => {
    const hub = new LiveHub();
    const slow = new FakeSocket();
    hub.join(slow, all, hello);
    const open: Span[] = [];
    hub.flush(0, open);
    slow.bufferedAmount = 100 * 1024 * 1024;
    for (let id = 0; id < 5; id++) {
      hub.offer(span(id));
      hub.flush(id, open);
    }
    expect(slow.batches()).toHaveLength(1);
    slow.bufferedAmount = 0;
    hub.offer(span(9));
    hub.flush(9, open);
    expect(slow.batches().at(-1)).toMatchObject({ omitted: 5, spans: [{ id: 9 }] });
  });

  it('tells a slow client of every stall, and cuts one off that reads no more', () => {
    const hub = new LiveHub();
    const [slow, dead] = [new FakeSocket(), new FakeSocket()];
    for (const socket of [slow, dead]) hub.join(socket, all, hello);
    slow.bufferedAmount = 3 * 2 ** 20;
    dead.bufferedAmount = 17 * 2 ** 20;
    hub.broadcast({ ...hello, message: 'stands for a stall' });
    expect(slow.frames).toHaveLength(2);
    expect(slow.ended).toBe(false);
    expect(dead.frames).toHaveLength(1);
    expect(dead.ended).toBe(true);
    expect(hub.size).toBe(1);
  });

  it('bounds a frame and counts what it leaves out', () => {
    const hub = new LiveHub();
    const socket = new FakeSocket();
    hub.join(socket, all, hello);
    for (let id = 0; id < 50_000; id++) hub.offer(span(id));
    hub.flush(0, []);
    const [frame] = socket.batches();
    expect(frame?.spans).toHaveLength(MAX_SPANS_PER_FRAME);
    expect(frame?.omitted).toBe(50_000 - MAX_SPANS_PER_FRAME);
  });

  it('sends the open operations again when they change or the filter does', () => {
    const hub = new LiveHub();
    const socket = new FakeSocket();
    hub.join(socket, all, hello);
    const open = [span(1, 'read'), span(2, 'write')];
    hub.flush(0, open);
    hub.flush(1, open);
    hub.subscribe(socket, reads);
    hub.flush(2, open);
    hub.flush(3, []);
    expect(socket.batches().map((frame) => frame.open?.map((one) => one.id))).toEqual([[1, 2], [1], []]);
  });
});
