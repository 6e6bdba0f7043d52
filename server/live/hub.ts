// Sends the live feed. Clients with the same filter share one evaluation and one encoded frame. A client that
// reads slowly is left out of frames until its socket has drained, and is told how many spans it missed; what a
// frame may hold is bounded too, so no client can make the server grow.

import type { BatchFrame, LiveFrame } from '../../shared/live.ts';
import { endUs, type Span } from '../../shared/span.ts';

/** What the hub needs of a WebSocket. */
export interface LiveSocket {
  readonly bufferedAmount: number;
  send(text: string): void;
  /** Ends the connection without waiting for what is unsent. */
  terminate(): void;
}

type Match = (span: Span) => boolean;

export interface Subscription {
  /** Normal form of the filter; clients with equal text share frames. */
  filter: string;
  match: Match | null;
  spans: boolean;
  /** Spans are told as they end, not with the next frame of all: a program waits for them. */
  prompt?: boolean;
}

interface Client {
  socket: LiveSocket;
  group: Group;
  /** Spans this client has missed because it was behind. */
  omitted: number;
  /** The list of open spans it saw last; compared by reference. */
  seenOpen: readonly Span[] | null;
}

/** Clients with the same filter, and what matches it since the last frame. */
interface Group extends Subscription {
  clients: number;
  /** The newest matching spans; entry `matched % MAX_SPANS_PER_FRAME` is the next to be written. */
  ring: Span[];
  matched: number;
  /** Open spans that match; the same array while they do not change. A filter on age lets them match by and by. */
  open: readonly Span[];
}

/** One frame's content for a group, encoded when the first client needs it. */
interface Content {
  spans: readonly Span[];
  omitted: number;
  open: readonly Span[];
  encoded: string | null;
}

/** Spans a frame carries at most: at 20 frames a second 20,000 spans/s, more than anyone reads. */
export const MAX_SPANS_PER_FRAME = 1_000;
/** What ends together is told together, also to those who are told at once, ms. */
const PROMPT_MS = 3;
/** A client with more than this unsent is behind. */
const MAX_BUFFERED_BYTES = 2 * 1024 * 1024;
/** One with more than this reads no more. It is cut off: should it live, it comes back and is told all from the start. */
const LOST_BYTES = 16 * 1024 * 1024;

export class LiveHub {
  readonly #clients = new Map<LiveSocket, Client>();
  readonly #groups = new Map<string, Group>();
  readonly #nowUs: () => number;
  #prompt: NodeJS.Timeout | null = null;
  /** Clients that wait for spans. */
  #hurried = 0;
  /** The long-open spans as `flush` was last given them. */
  #open: readonly Span[] = [];

  /** The first client that waits for spans has come, or the last one has gone. */
  onHurry: (prompt: boolean) => void = () => {};

  constructor(nowUs: () => number = () => Date.now() * 1_000) {
    this.#nowUs = nowUs;
  }

  get size(): number {
    return this.#clients.size;
  }

  join(socket: LiveSocket, subscription: Subscription, snapshot: LiveFrame): void {
    this.#clients.set(socket, { socket, group: this.#enter(subscription), omitted: 0, seenOpen: null });
    socket.send(JSON.stringify(snapshot));
  }

  subscribe(socket: LiveSocket, subscription: Subscription): void {
    const client = this.#clients.get(socket);
    if (!client) return;
    const left = client.group;
    client.group = this.#enter(subscription);
    this.#quit(left);
    client.seenOpen = null;
  }

  leave(socket: LiveSocket): void {
    const client = this.#clients.get(socket);
    if (!client) return;
    this.#clients.delete(socket);
    this.#quit(client.group);
  }

  /** A span that has ended. Costs nothing while nobody listens; keeps no more of a group than a frame holds. */
  offer(span: Span): void {
    for (const group of this.#groups.values()) {
      if (!group.spans || (group.match && !group.match(span))) continue;
      group.ring[group.matched % MAX_SPANS_PER_FRAME] = span;
      group.matched++;
      if (group.prompt) this.#prompt ??= setTimeout(() => this.#flushPrompt(), PROMPT_MS);
    }
  }

  /**
   * To everyone, whatever they filter for: ticks and stalls. A client that is behind goes without a tick; none goes
   * without a stall, so one that never reads is cut off.
   */
  broadcast(frame: LiveFrame): void {
    if (this.#clients.size === 0) return;
    const text = JSON.stringify(frame);
    for (const client of this.#clients.values()) {
      const { socket } = client;
      if (socket.bufferedAmount > LOST_BYTES) {
        this.leave(socket);
        socket.terminate();
      } else if (frame.type !== 'tick' || socket.bufferedAmount <= MAX_BUFFERED_BYTES) socket.send(text);
    }
  }

  /** Sends what has ended since the last call. @param open the long-open spans, a new array only when they changed. */
  flush(nowUs: number, open: readonly Span[]): void {
    this.#open = open;
    this.#send(this.#clients.values(), nowUs);
  }

  #flushPrompt(): void {
    this.#prompt = null;
    this.#send(
      [...this.#clients.values()].filter((client) => client.group.prompt),
      this.#nowUs(),
    );
  }

  #send(clients: Iterable<Client>, nowUs: number): void {
    const contents = new Map<Group, Content>();
    for (const client of clients) {
      let content = contents.get(client.group);
      if (!content) {
        content = take(client.group, this.#open);
        contents.set(client.group, content);
      }
      sendTo(client, content, nowUs);
    }
  }

  #enter(subscription: Subscription): Group {
    const key = keyOf(subscription);
    let group = this.#groups.get(key);
    if (!group) {
      group = { ...subscription, clients: 0, ring: [], matched: 0, open: [] };
      this.#groups.set(key, group);
    }
    group.clients++;
    if (isHurried(group) && ++this.#hurried === 1) this.onHurry(true);
    return group;
  }

  #quit(group: Group): void {
    if (--group.clients === 0) this.#groups.delete(keyOf(group));
    if (isHurried(group) && --this.#hurried === 0) this.onHurry(false);
  }
}

function isHurried({ spans, prompt }: Subscription): boolean {
  return spans && prompt === true;
}

function keyOf({ filter, spans, prompt }: Subscription): string {
  return `${spans ? 1 : 0}${prompt ? 1 : 0}${filter}`;
}

/** What a group's clients are to see, in order of the spans' end; the group starts afresh. */
function take(group: Group, open: readonly Span[]): Content {
  const { ring, matched, match } = group;
  const at = matched % MAX_SPANS_PER_FRAME;
  const spans = matched > MAX_SPANS_PER_FRAME ? [...ring.slice(at), ...ring.slice(0, at)] : ring;
  // Of one mount they come nearly so; a daemon with several threads tells of the end of one after that of the next.
  spans.sort((a, b) => endUs(a) - endUs(b));
  group.ring = [];
  group.matched = 0;
  const matching = match ? open.filter((span) => match(span)) : open;
  if (!sameSpans(matching, group.open)) group.open = matching;
  return {
    spans,
    omitted: matched - spans.length,
    open: group.open,
    encoded: null,
  };
}

function sendTo(client: Client, content: Content, nowUs: number): void {
  if (client.socket.bufferedAmount > MAX_BUFFERED_BYTES) {
    client.omitted += content.omitted + content.spans.length;
    return;
  }
  const omitted = client.omitted + content.omitted;
  const openChanged = client.seenOpen !== content.open;
  if (content.spans.length === 0 && omitted === 0 && !openChanged) return;
  content.encoded ??= JSON.stringify(content.spans);
  const head = { type: 'batch', nowUs, omitted, open: openChanged ? [...content.open] : null } satisfies Omit<
    BatchFrame,
    'spans'
  >;
  client.omitted = 0;
  client.seenOpen = content.open;
  client.socket.send(`${JSON.stringify(head).slice(0, -1)},"spans":${content.encoded}}`);
}

function sameSpans(a: readonly Span[], b: readonly Span[]): boolean {
  return a === b || (a.length === b.length && a.every((span, i) => span === b[i]));
}
