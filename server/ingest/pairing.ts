// Pairs ENTER with EXIT into spans. Pure: time comes in with the events, results go out through `sink`.
// What can go wrong between two processes has a name here and is counted under it:
//   exit-without-enter  an EXIT whose ENTER never came: a span in state lost, with what the EXIT tells
//   enter-replaced      an id entered again while open: the earlier span is lost, the later one opens
//   duplicate-enter     the same ENTER twice (a collector sent again what had arrived): dropped
//   clock-step          an EXIT stamped before its ENTER with nothing better to go by: its duration is 0
//   too-many-open       more open operations than are kept: the oldest is lost
// An EXIT may overtake its ENTER (several writers, one socket): it is held for REORDER_MS.

import { opName } from '../../shared/ops.ts';
import type { Span, SpanState } from '../../shared/span.ts';
import { blankSpan, setErrno } from '../../shared/span.ts';
import type { WireEvent } from '../../shared/wire/frames.ts';
import { ENTER, EXIT, LOST } from '../../shared/wire/frames.ts';
import { fill } from './fill.ts';

export type PairingLoss =
  | 'exit-without-enter'
  | 'enter-replaced'
  | 'duplicate-enter'
  | 'clock-step'
  | 'too-many-open';

/** A mount as pairing sees it. */
export interface PairMount {
  readonly id: number;
  readonly name: string;
  readonly kind: Span['source'];
}

export interface OpenSpan {
  readonly span: Span;
  readonly mount: PairMount;
  /** Collector process it came from; null for event lines. */
  instance: string | null;
  /** ENTER on this machine's monotonic clock. */
  readonly enterMonoNs: number;
  /** From when its threshold counts: ENTER, or its arrival where a backlog is being read. */
  readonly raiseFromNs: number;
  /** Whether the store has it. */
  stored: boolean;
  /** Id of its stall once raised. */
  stallId: number | null;
}

export interface PairSink {
  /** `open` is null where no ENTER had been seen. */
  closed(span: Span, open: OpenSpan | null): void;
  loss(cause: PairingLoss, mount: PairMount, atUs: number): void;
}

/** When and from whom an event arrived. `local`: its monotonic stamp is of this machine. */
export interface Arrival {
  instance: string | null;
  local: boolean;
  monoNs: number;
  wallUs: number;
}

/** How long an EXIT waits for an ENTER that it overtook, in ms. */
export const REORDER_MS = 2_000;
/** An event stamped this long before its arrival belongs to a backlog. */
const BACKLOG_US = 2_000_000;
const MAX_HELD_EXITS = 10_000;

interface HeldExit {
  mount: PairMount;
  event: WireEvent;
  untilMonoNs: number;
}

export class Pairing {
  readonly #sink: PairSink;
  readonly #maxOpen: number;
  #nextId: number;
  /** By mount, then by id in order of ENTER; nested, since joining both into one key costs more than pairing. */
  readonly #open = new Map<number, Map<number | string, OpenSpan>>();
  #openCount = 0;
  /** EXITs in order of arrival. */
  readonly #held = new Map<string, HeldExit>();

  constructor(sink: PairSink, nextId: number, maxOpen = 100_000) {
    this.#sink = sink;
    this.#nextId = nextId;
    this.#maxOpen = maxOpen;
  }

  get openCount(): number {
    return this.#openCount;
  }

  /** Open spans; those of one mount in order of ENTER as read. */
  *openSpans(): IterableIterator<OpenSpan> {
    for (const table of this.#open.values()) yield* table.values();
  }

  /** Puts back a span that was open when the server last ended. */
  restore(open: OpenSpan): void {
    this.#put(open.span.unique ?? '', open);
  }

  push(event: WireEvent, mount: PairMount, arrival: Arrival): void {
    if (event.kind === ENTER) this.#enter(event, mount, arrival);
    else if (event.kind === EXIT) this.#exit(event, mount, arrival);
    else if (event.kind === LOST) this.#lose(event, mount);
    else this.#whole(event, mount, arrival);
  }

  /** Gives up EXITs that waited long enough for their ENTER. */
  expire(monoNs: number): void {
    for (const [key, held] of this.#held) {
      if (held.untilMonoNs > monoNs) break;
      this.#held.delete(key);
      this.#orphan(held.event, held.mount);
    }
  }

  /** Ends every open span that `which` picks, without an answer: its source or its mount is gone. */
  abandon(state: 'aborted' | 'lost', which: (open: OpenSpan) => boolean): number {
    let ended = 0;
    for (const table of this.#open.values()) {
      for (const [id, open] of table) {
        if (!which(open)) continue;
        table.delete(id);
        this.#openCount--;
        this.#close(open.span, state, open);
        ended++;
      }
    }
    return ended;
  }

  #enter(event: WireEvent, mount: PairMount, arrival: Arrival): void {
    const before = this.#open.get(mount.id)?.get(event.id);
    if (before) {
      // The kernel's own numbers outlive a collector: its successor finds the same operation still open.
      if (
        mount.kind === 'kernel' &&
        before.instance !== arrival.instance &&
        before.span.op === opName(event.op)
      ) {
        before.instance = arrival.instance;
        return;
      }
      if (before.span.startUs === event.tsUs && before.span.op === opName(event.op)) {
        this.#sink.loss('duplicate-enter', mount, event.tsUs);
        return;
      }
      this.#take(mount.id, event.id);
      this.#sink.loss('enter-replaced', mount, event.tsUs);
      this.#close(before.span, 'lost', before);
    }
    const open = this.#openSpan(event, mount, arrival);
    const held = this.#held.size === 0 ? undefined : this.#held.get(heldKey(mount.id, event.id));
    if (held) {
      this.#held.delete(heldKey(mount.id, event.id));
      if (held.event.tsUs >= event.tsUs) {
        this.#finish(open, held.event, null);
        return;
      }
      this.#orphan(held.event, mount);
    }
    this.#put(event.id, open);
    if (this.#openCount > this.#maxOpen) this.#dropOldest();
  }

  #exit(event: WireEvent, mount: PairMount, arrival: Arrival): void {
    const open = this.#take(mount.id, event.id);
    if (open) {
      this.#finish(open, event, arrival);
      return;
    }
    const key = heldKey(mount.id, event.id);
    if (this.#held.size >= MAX_HELD_EXITS || this.#held.has(key)) {
      this.#orphan(event, mount);
      return;
    }
    this.#held.set(key, { mount, event, untilMonoNs: arrival.monoNs + REORDER_MS * 1e6 });
  }

  /** A span that its collector paired itself; it may have been announced as open before. */
  #whole(event: WireEvent, mount: PairMount, arrival: Arrival): void {
    const open = this.#take(mount.id, event.id);
    const span = open?.span ?? this.#blank(event, mount);
    fill(span, event);
    // A collector that came later knows only its own part of it.
    const earlierNs = open && arrival.local ? Math.max(0, event.monoNs - open.enterMonoNs) : 0;
    span.durationNs = event.durNs === null ? null : event.durNs + earlierNs;
    setErrno(span, errnoOf(event));
    this.#close(span, isAborted(span) ? 'aborted' : 'done', open);
  }

  /** Its collector will not see its end. */
  #lose(event: WireEvent, mount: PairMount): void {
    const open = this.#take(mount.id, event.id);
    if (open) this.#close(open.span, 'lost', open);
  }

  #openSpan(event: WireEvent, mount: PairMount, arrival: Arrival): OpenSpan {
    const span = this.#blank(event, mount);
    fill(span, event);
    const lateUs = Math.max(0, arrival.wallUs - event.tsUs);
    const enterMonoNs = arrival.local && event.monoNs > 0 ? event.monoNs : arrival.monoNs - lateUs * 1_000;
    const raiseFromNs = !arrival.local && lateUs > BACKLOG_US ? arrival.monoNs : enterMonoNs;
    return {
      span,
      mount,
      instance: arrival.instance,
      enterMonoNs,
      raiseFromNs,
      stored: false,
      stallId: null,
    };
  }

  #blank(event: WireEvent, mount: PairMount): Span {
    const span = blankSpan(this.#nextId++, mount.id, mount.name, mount.kind, opName(event.op));
    span.unique = event.id;
    span.startUs = event.tsUs;
    return span;
  }

  /** `arrival` null: both events lay here, so only their own stamps can tell the duration. */
  #finish(open: OpenSpan, event: WireEvent, arrival: Arrival | null): void {
    const span = open.span;
    fill(span, event);
    span.durationNs = event.durNs ?? this.#difference(open, event, arrival);
    setErrno(span, errnoOf(event));
    this.#close(span, 'done', open);
  }

  #difference(open: OpenSpan, exit: WireEvent, arrival: Arrival | null): number {
    if (arrival?.local && exit.monoNs > 0 && open.instance === arrival.instance) {
      return Math.max(0, exit.monoNs - open.enterMonoNs);
    }
    const ns = Math.round((exit.tsUs - open.span.startUs) * 1_000);
    if (ns >= 0) return ns;
    this.#sink.loss('clock-step', open.mount, exit.tsUs);
    return 0;
  }

  #orphan(event: WireEvent, mount: PairMount): void {
    this.#sink.loss('exit-without-enter', mount, event.tsUs);
    const span = this.#blank(event, mount);
    fill(span, event);
    span.durationNs = event.durNs;
    if (event.durNs !== null) span.startUs = event.tsUs - event.durNs / 1_000;
    setErrno(span, errnoOf(event));
    this.#close(span, 'lost', null);
  }

  #dropOldest(): void {
    let oldest: OpenSpan | null = null;
    for (const table of this.#open.values()) {
      const first = table.values().next().value;
      if (first && (oldest === null || first.span.id < oldest.span.id)) oldest = first;
    }
    if (oldest === null) return;
    this.#take(oldest.mount.id, oldest.span.unique ?? '');
    this.#sink.loss('too-many-open', oldest.mount, oldest.span.startUs);
    this.#close(oldest.span, 'lost', oldest);
  }

  #put(id: number | string, open: OpenSpan): void {
    let table = this.#open.get(open.mount.id);
    if (!table) {
      table = new Map();
      this.#open.set(open.mount.id, table);
    }
    table.set(id, open);
    this.#openCount++;
  }

  #take(mountId: number, id: number | string): OpenSpan | null {
    const table = this.#open.get(mountId);
    const open = table?.get(id);
    if (!table || !open) return null;
    table.delete(id);
    this.#openCount--;
    return open;
  }

  #close(span: Span, state: SpanState, open: OpenSpan | null): void {
    span.state = state;
    this.#sink.closed(span, open);
  }
}

/** With this the kernel, and nobody else, ends what is in flight when a connection goes (fs/fuse/dev.c, end_requests). */
function isAborted({ source, error }: Span): boolean {
  return source === 'kernel' && error === 'ECONNABORTED';
}

function heldKey(mountId: number, id: number | string): string {
  return typeof id === 'number' ? `${mountId} ${id}` : `${mountId} "${id}`;
}

/** An EXIT without an errno ended well, unless a log said that it failed and not why (LoggedFS). */
function errnoOf({ errno, args }: WireEvent): number | null {
  return errno ?? (args?.result === 'FAILURE' ? null : 0);
}
