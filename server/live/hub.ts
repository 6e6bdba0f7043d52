// Sends the live feed. Clients with the same filter share one evaluation and one encoded frame. A client that
// reads slowly is left out of frames until its socket has drained, and is told how many spans it missed; what a
// frame may hold is bounded too, so no client can make the server grow.

import type { BatchFrame, LiveFrame } from '../../shared/live.ts';
import type { Span } from '../../shared/span.ts';

/** What the hub needs of a WebSocket. */
export interface LiveSocket {
  readonly bufferedAmount: number;
  send(text: string): void;
}

type Match = (span: Span) => boolean;

export interface Subscription {
  /** Normal form of the filter; clients with equal text share frames. */
  filter: string;
  match: Match | null;
  spans: boolean;
}

interface Client extends Subscription {
  socket: LiveSocket;
  /** Spans this client has missed because it was behind. */
  omitted: number;
  /** The list of open spans it saw last; compared by reference. */
  seenOpen: readonly Span[] | null;
}

interface Group {
  spans: Span[];
  omitted: number;
  open: Span[];
  /** Encoded body without `omitted` and `open`. */
  body: string | null;
}

/** Spans a frame carries at most: at 20 frames a second 20,000 spans/s, more than anyone reads. */
export const MAX_SPANS_PER_FRAME = 1_000;
/** A client with more than this unsent is behind. */
const MAX_BUFFERED_BYTES = 2 * 1024 * 1024;
/** Ended spans kept between two frames; beyond it only their number is. */
const MAX_PENDING = 20_000;

export class LiveHub {
  readonly #clients = new Map<LiveSocket, Client>();
  #pending: Span[] = [];
  #pendingOmitted = 0;

  get size(): number {
    return this.#clients.size;
  }

  join(socket: LiveSocket, subscription: Subscription, snapshot: LiveFrame): void {
    this.#clients.set(socket, { socket, ...subscription, omitted: 0, seenOpen: null });
    socket.send(JSON.stringify(snapshot));
  }

  subscribe(socket: LiveSocket, subscription: Subscription): void {
    const client = this.#clients.get(socket);
    if (client) Object.assign(client, subscription, { seenOpen: null });
  }

  leave(socket: LiveSocket): void {
    this.#clients.delete(socket);
  }

  /** A span that has ended. Costs nothing while nobody listens. */
  offer(span: Span): void {
    if (this.#clients.size === 0) return;
    if (this.#pending.length < MAX_PENDING) this.#pending.push(span);
    else this.#pendingOmitted++;
  }

  /** To everyone, whatever they filter for: ticks and stalls. A client that is far behind goes without a tick. */
  broadcast(frame: LiveFrame): void {
    if (this.#clients.size === 0) return;
    const text = JSON.stringify(frame);
    for (const client of this.#clients.values()) {
      if (frame.type === 'tick' && client.socket.bufferedAmount > MAX_BUFFERED_BYTES) continue;
      client.socket.send(text);
    }
  }

  /** Sends what has ended since the last call. @param open the long-open spans, a new array only when they changed. */
  flush(nowUs: number, open: readonly Span[]): void {
    const spans = this.#pending;
    const skipped = this.#pendingOmitted;
    this.#pending = [];
    this.#pendingOmitted = 0;
    const groups = new Map<string, Group>();
    for (const client of this.#clients.values()) {
      const key = `${client.spans ? 1 : 0}${client.filter}`;
      let group = groups.get(key);
      if (!group) {
        group = select(client, spans, skipped, open);
        groups.set(key, group);
      }
      this.#sendTo(client, group, nowUs, open);
    }
  }

  #sendTo(client: Client, group: Group, nowUs: number, open: readonly Span[]): void {
    if (client.socket.bufferedAmount > MAX_BUFFERED_BYTES) {
      client.omitted += group.omitted + group.spans.length;
      return;
    }
    const omitted = client.omitted + group.omitted;
    const openChanged = client.seenOpen !== open;
    if (group.spans.length === 0 && omitted === 0 && !openChanged) return;
    group.body ??= JSON.stringify(group.spans);
    const head: Omit<BatchFrame, 'spans'> = {
      type: 'batch',
      nowUs,
      omitted,
      open: openChanged ? group.open : null,
    };
    client.omitted = 0;
    client.seenOpen = open;
    client.socket.send(`${JSON.stringify(head).slice(0, -1)},"spans":${group.body}}`);
  }
}

function select(client: Client, spans: readonly Span[], skipped: number, open: readonly Span[]): Group {
  const match = client.match;
  const openMatching = match ? open.filter(match) : [...open];
  if (!client.spans) return { spans: [], omitted: 0, open: openMatching, body: null };
  const matching = match ? spans.filter(match) : spans;
  const kept = matching.length > MAX_SPANS_PER_FRAME ? matching.slice(-MAX_SPANS_PER_FRAME) : matching;
  return {
    spans: kept as Span[],
    omitted: matching.length - kept.length + skipped,
    open: openMatching,
    body: null,
  };
}
