// What a collector's servers know of its mounts, in the order in which they must know it.
import { describe, expect, it } from 'vitest';
import { Roster } from '../../fuse/emitter/roster.ts';
import { FrameReader } from '../../shared/wire/frame-reader.ts';
import { FRAME, readJson, type WireMount } from '../../shared/wire/frames.ts';

const mount = (index: number, more: Partial<WireMount> = {}): WireMount => ({
  index,
  mount: `/m${index}`,
  fsType: null,
  source: null,
  connection: index,
  daemon: null,
  tier: 'bpf',
  ...more,
});

function read(frame: Uint8Array | null): [type: string, body: unknown] | null {
  const found: [string, unknown][] = [];
  const names = new Map<number, string>(Object.entries(FRAME).map(([name, type]) => [type, name]));
  const reader = new FrameReader((type, payload) => found.push([names.get(type) ?? '', readJson(payload)]));
  if (frame) reader.push(frame);
  return found[0] ?? null;
}

function rest(roster: Roster, writtenSeq: number) {
  const frames = [];
  for (let frame = read(roster.next(writtenSeq)); frame; frame = read(roster.next(writtenSeq)))
    frames.push(frame);
  return frames;
}

describe('the roster', () => {
  it('tells a change once, as it is when it is written', () => {
    const roster = new Roster([]);
    roster.announce(mount(0, { waiting: 1 }));
    roster.announce(mount(0, { waiting: 2 }));
    expect(rest(roster, 0)).toMatchObject([['MOUNT', { index: 0, waiting: 2 }]]);
    expect(roster.isQuiet(0)).toBe(true);
  });

  it('holds the end of a mount back until its last event is written', () => {
    const roster = new Roster([]);
    roster.announce(mount(0));
    rest(roster, 0);
    roster.gone({ index: 0, reason: 'it was unmounted' }, 10);
    expect(rest(roster, 9)).toEqual([]);
    expect(rest(roster, 10)).toEqual([['GONE', { index: 0, reason: 'it was unmounted' }]]);
    expect(rest(roster, 20)).toEqual([]);
  });

  it('tells a new connection of a mount that is gone while events of it are unacknowledged, and then of its end', () => {
    const roster = new Roster([mount(7)]);
    roster.announce(mount(0));
    rest(roster, 0);
    roster.gone({ index: 0, reason: '' }, 10);
    rest(roster, 10);
    expect(roster.begin(5).map(read)).toMatchObject([
      ['MOUNT', { index: 7 }],
      ['MOUNT', { index: 0 }],
    ]);
    expect(rest(roster, 5)).toEqual([]);
    expect(rest(roster, 10)).toMatchObject([['GONE', { index: 0 }]]);
    expect(roster.begin(10).map(read)).toMatchObject([['MOUNT', { index: 7 }]]);
    expect(rest(roster, 10)).toMatchObject([['GONE', { index: 0 }]]);
  });

  it('gives an index to another mount without mistaking it for the one that is gone', () => {
    const roster = new Roster([]);
    roster.announce(mount(0));
    rest(roster, 0);
    roster.gone({ index: 0, reason: '' }, 1);
    rest(roster, 1);
    roster.acknowledge(1);
    roster.announce(mount(0, { mount: '/other' }));
    roster.acknowledge(2);
    expect(rest(roster, 2)).toMatchObject([['MOUNT', { mount: '/other' }]]);
  });

  it('joins losses of one cause until they are written', () => {
    const roster = new Roster([]);
    roster.loss({ index: null, cause: 'x', count: 2, fromUs: 5, toUs: 6 });
    roster.loss({ index: null, cause: 'x', count: 3, fromUs: 1, toUs: 7 });
    expect(rest(roster, 0)).toEqual([['LOSS', { index: null, cause: 'x', count: 5, fromUs: 1, toUs: 7 }]]);
    expect(rest(roster, 0)).toEqual([]);
  });

  it('is bounded, whatever comes', () => {
    const roster = new Roster([]);
    for (let i = 0; i < 5000; i++) {
      roster.announce(mount(i));
      roster.gone({ index: i, reason: '' }, 1e9);
      roster.loss({ index: i, cause: 'x', count: 1, fromUs: 0, toUs: 0 });
    }
    expect(roster.begin(0).length).toBeLessThanOrEqual(256);
    expect(rest(roster, 1e9).length).toBeLessThanOrEqual(1024 + 256);
  });
});
