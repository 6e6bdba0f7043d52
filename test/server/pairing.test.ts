import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Arrival, Pairing, type PairMount, REORDER_MS } from '../../server/ingest/pairing.ts';
import { opCode } from '../../shared/ops.ts';
import { resultOf, type Span } from '../../shared/span.ts';
import { blankEvent } from '../../shared/wire/blank-event.ts';
import { ENTER, EXIT, LOST, SPAN, type WireEvent } from '../../shared/wire/frames.ts';

const mount: PairMount = { id: 1, name: '/mnt/x', kind: 'mirror' };

function event(kind: WireEvent['kind'], id: number | string, fields: Partial<WireEvent> = {}): WireEvent {
  return { ...blankEvent(kind, opCode('read'), id, 1e15), ...fields };
}

function bench(maxOpen?: number) {
  const closed: Span[] = [];
  const losses: string[] = [];
  const sink = {
    closed: (span: Span) => closed.push({ ...span }),
    loss: (cause: string) => losses.push(cause),
  };
  const pairing = new Pairing(sink as never, 1, maxOpen);
  const arrival: Arrival = { instance: 'a', local: true, monoNs: 5e9, wallUs: 1e15 };
  const push = (one: WireEvent, at: Partial<Arrival> = {}, on = mount) =>
    pairing.push(one, on, { ...arrival, ...at });
  return { pairing, closed, losses, push };
}

describe('pairing', () => {
  it('joins ENTER and EXIT into a span with what both tell', () => {
    const { push, pairing, closed } = bench();
    push(
      event(ENTER, 7, { path: '/a', size: 4096, pid: 41, comm: 'cat', args: { flags: 1 }, monoNs: 1_000 }),
    );
    expect(pairing.openCount).toBe(1);
    push(event(EXIT, 7, { errno: 0, bytes: 100, monoNs: 3_500, args: { late: true } }));
    expect(closed).toMatchObject([
      {
        state: 'done',
        op: 'read',
        path: '/a',
        durationNs: 2_500,
        bytes: 100,
        errno: 0,
        error: null,
        args: { flags: 1, late: true },
      },
    ]);
  });

  it('leaves open why something failed where the log does not tell', () => {
    const { push, closed } = bench();
    push(event(ENTER, 1));
    push(event(EXIT, 1, { args: { result: 'FAILURE' } }));
    push(event(SPAN, 2, { durNs: 5, args: { result: 'FAILURE' } }));
    push(event(SPAN, 3, { durNs: 5 }));
    expect(closed.map((span) => [span.state, span.errno, resultOf(span)])).toEqual([
      ['done', null, 'failed'],
      ['done', null, 'failed'],
      ['done', 0, 'ok'],
    ]);
  });

  it('ends what its collector will not see the end of, and takes no notice where nothing is open', () => {
    const { push, pairing, closed, losses } = bench();
    push(event(LOST, 7));
    push(event(ENTER, 7, { path: '/a' }));
    push(event(LOST, 7));
    expect([pairing.openCount, losses]).toEqual([0, []]);
    expect(closed).toMatchObject([{ state: 'lost', path: '/a', durationNs: null, errno: null }]);
  });

  it('goes on with an open request of the kernel that another collector finds still open', () => {
    const kernel: PairMount = { ...mount, kind: 'kernel' };
    const { push, pairing, closed, losses } = bench();
    push(event(ENTER, 7, { monoNs: 1_000 }), { instance: 'a' }, kernel);
    push(event(ENTER, 7, { monoNs: 5_000 }), { instance: 'b' }, kernel);
    expect(pairing.abandon('lost', (open) => open.instance === 'a')).toBe(0);
    push(event(SPAN, 7, { monoNs: 5_000, durNs: 2_000, errno: 0 }), { instance: 'b' }, kernel);
    expect(closed).toMatchObject([{ id: 1, state: 'done', durationNs: 6_000 }]);
    expect(losses).toEqual([]);
  });

  it('takes durNs before any difference of stamps, and names the errno', () => {
    const { push, closed } = bench();
    push(event(ENTER, 7, { monoNs: 1_000 }));
    push(event(EXIT, 7, { durNs: 2_300_000, errno: 5, monoNs: 9_999 }));
    expect(closed).toMatchObject([{ durationNs: 2_300_000, errno: 5, error: 'EIO' }]);
  });

  it('makes an EXIT without ENTER a lost span once no ENTER can be late any more', () => {
    const { push, pairing, closed, losses } = bench();
    push(event(EXIT, 7, { durNs: 2_000_000, tsUs: 1e15 + 5_000 }));
    expect(closed).toEqual([]);
    pairing.expire(5e9 + REORDER_MS * 1e6);
    expect(closed).toMatchObject([{ state: 'lost', durationNs: 2_000_000, startUs: 1e15 + 3_000 }]);
    expect(losses).toEqual(['exit-without-enter']);
  });

  it('pairs an EXIT that overtook its ENTER', () => {
    const { push, closed, losses } = bench();
    push(event(EXIT, 7, { tsUs: 1e15 + 40 }));
    push(event(ENTER, 7, { tsUs: 1e15, path: '/late' }));
    expect(closed).toMatchObject([{ state: 'done', path: '/late', durationNs: 40_000 }]);
    expect(losses).toEqual([]);
  });

  it('does not pair an ENTER with an EXIT that lies before it', () => {
    const { push, closed, losses, pairing } = bench();
    push(event(EXIT, 7, { tsUs: 1e15 }));
    push(event(ENTER, 7, { tsUs: 1e15 + 40 }));
    expect(closed).toMatchObject([{ state: 'lost' }]);
    expect(losses).toEqual(['exit-without-enter']);
    expect(pairing.openCount).toBe(1);
  });

  it('lets a reused id end the operation before it as lost', () => {
    const { push, closed, losses, pairing } = bench();
    push(event(ENTER, 7, { path: '/first' }));
    push(event(ENTER, 7, { path: '/second', tsUs: 1e15 + 10 }));
    expect(closed).toMatchObject([{ state: 'lost', path: '/first', durationNs: null }]);
    expect(losses).toEqual(['enter-replaced']);
    push(event(EXIT, 7, { tsUs: 1e15 + 30 }));
    expect(closed[1]).toMatchObject({ state: 'done', path: '/second' });
    expect(pairing.openCount).toBe(0);
  });

  it('drops an ENTER that was sent twice', () => {
    const { push, closed, losses, pairing } = bench();
    push(event(ENTER, 7));
    push(event(ENTER, 7));
    expect([closed.length, losses, pairing.openCount]).toEqual([0, ['duplicate-enter'], 1]);
  });

  it('keeps number and string ids apart', () => {
    const { push, pairing } = bench();
    push(event(ENTER, 7));
    push(event(ENTER, '7'));
    expect(pairing.openCount).toBe(2);
  });

  it('is not led astray by a clock that steps back', () => {
    const { push, closed, losses } = bench();
    push(event(ENTER, 7, { tsUs: 1e15 }), { instance: null, local: false });
    push(event(EXIT, 7, { tsUs: 1e15 - 500 }), { instance: null, local: false });
    expect(closed).toMatchObject([{ durationNs: 0 }]);
    expect(losses).toEqual(['clock-step']);
    push(event(ENTER, 8, { tsUs: 1e15, monoNs: 100 }));
    push(event(EXIT, 8, { tsUs: 1e15 - 500, monoNs: 300 }));
    expect(closed[1]).toMatchObject({ durationNs: 200 });
  });

  it('ends what a dead source left open, and only that', () => {
    const { push, pairing, closed } = bench();
    push(event(ENTER, 1), { instance: 'dead' });
    push(event(ENTER, 2), { instance: 'alive' });
    expect(pairing.abandon('aborted', (open) => open.instance === 'dead')).toBe(1);
    expect(closed).toMatchObject([{ unique: 1, state: 'aborted', durationNs: null, errno: null }]);
    expect([...pairing.openSpans()].map((open) => open.span.unique)).toEqual([2]);
  });

  it('takes a span paired elsewhere, announced as open before or not', () => {
    const { push, closed, pairing } = bench();
    push(event(ENTER, 7, { path: '/a' }));
    push(event(SPAN, 7, { durNs: 5, errno: 2 }));
    push(event(SPAN, 8, { durNs: 6 }));
    expect(closed).toMatchObject([
      { unique: 7, path: '/a', durationNs: 5, error: 'ENOENT', state: 'done' },
      { unique: 8, durationNs: 6, errno: 0, state: 'done' },
    ]);
    expect(pairing.openCount).toBe(0);
  });

  it('keeps a bounded number of open operations and counts the rest', () => {
    const { push, pairing, losses, closed } = bench(100);
    for (let id = 0; id < 150; id++) push(event(ENTER, id));
    expect(pairing.openCount).toBe(100);
    expect(losses).toEqual(new Array(50).fill('too-many-open'));
    expect(closed.map((span) => span.unique)).toEqual([...Array(50).keys()]);
  });

  it('accounts for every event, whatever the order', () => {
    const one = fc.record({ kind: fc.constantFrom(ENTER, EXIT), id: fc.nat(5), at: fc.nat(1000) });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 200 }), (events) => {
        const { push, pairing, closed, losses } = bench();
        for (const { kind, id, at } of events) push(event(kind as 1 | 2, id, { tsUs: 1e15 + at, monoNs: 0 }));
        pairing.expire(Number.MAX_SAFE_INTEGER);
        const enters = events.filter((one) => one.kind === ENTER).length;
        const exits = events.length - enters;
        const count = (cause: string) => losses.filter((loss) => loss === cause).length;
        const done = closed.filter((span) => span.state === 'done').length;
        // Each ENTER is open, done, replaced or dropped as a duplicate; each EXIT ended one or was orphaned.
        expect(pairing.openCount + done + count('enter-replaced') + count('duplicate-enter')).toBe(enters);
        expect(done + count('exit-without-enter')).toBe(exits);
        expect(closed.length).toBe(done + count('enter-replaced') + count('exit-without-enter'));
        for (const span of closed) expect(span.durationNs ?? 0).toBeGreaterThanOrEqual(0);
        expect(new Set(closed.map((span) => span.id)).size).toBe(closed.length);
      }),
    );
  });
});
