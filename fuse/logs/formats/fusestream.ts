// FuseStream's operation log: `[FUSE] Read ENTER fh=123 off=4096 len=131072`, then `[FUSE] Read EXIT  dur=2.3ms`.
// A line names no operation by number: an EXIT belongs to the open ENTER of its name that began nearest to the EXIT
// minus `dur=`. Without times in front, EXITs end ENTERs of their name in order.

import { blankEvent } from '../../../shared/wire/blank-event.ts';
import type { WireEvent } from '../../../shared/wire/frames.ts';
import { ENTER, EXIT, SPAN } from '../../../shared/wire/frames.ts';
import { FOREIGN, type LogReader, opOf, own, type ReaderContext, TAKEN, type Verdict } from '../reader.ts';
import { durationNs, errnoOf, unquote, wide } from '../values.ts';

const MARK = '[FUSE] ';
const HEAD = /(\w+) (ENTER|EXIT)\b[ \t]*/y;
const FIELD = /(\w+)=("(?:[^"\\]|\\.)*"|\S+)[ \t]*/y;
/** The stamp of an EXIT may be late by this much, or this share of the duration: the logger may have blocked. */
const SLACK_US = 50_000;
const SLACK_SHARE = 0.1;
const MAX_OPEN = 100_000;

interface Open {
  id: number;
  tsUs: number;
}

const NUMBERS: Readonly<Record<string, 'fh' | 'offset' | 'size' | 'nodeid'>> = {
  fh: 'fh',
  handle: 'fh',
  off: 'offset',
  offset: 'offset',
  ofst: 'offset',
  len: 'size',
  size: 'size',
  ino: 'nodeid',
  inode: 'nodeid',
};
const SMALL: Readonly<Record<string, 'pid' | 'uid' | 'gid' | 'tid'>> = {
  pid: 'pid',
  uid: 'uid',
  gid: 'gid',
  tid: 'tid',
};

export class FuseStreamReader implements LogReader {
  readonly #context: ReaderContext;
  readonly #open = new Map<number, Open[]>();
  #count = 0;
  #nextId = 1;

  constructor(context: ReaderContext) {
    this.#context = context;
  }

  line(text: string): Verdict {
    const at = text.indexOf(MARK);
    if (at === -1) return FOREIGN;
    HEAD.lastIndex = at + MARK.length;
    const head = HEAD.exec(text);
    if (!head) return FOREIGN;
    const [, name = '', which] = head;
    const op = opOf(name);
    if (op === null) return `"${name}" is no operation`;
    const { clock } = this.#context;
    const stamped = clock.read(text);
    const timed = stamped || clock.isLive;
    const event = blankEvent(which === 'ENTER' ? ENTER : EXIT, op, 0, stamped ? clock.us : clock.arrival());
    if (event.kind === EXIT) event.errno = 0;
    const wrong = fields(text, HEAD.lastIndex, event);
    if (wrong !== null) return wrong;
    return which === 'ENTER' ? this.#enter(event) : this.#exit(event, timed);
  }

  #enter(event: WireEvent): Verdict {
    event.id = this.#nextId++;
    const open = this.#open.get(event.op) ?? [];
    if (open.length === 0) this.#open.set(event.op, open);
    if (this.#count < MAX_OPEN) {
      // In order of their start, which is that of the log, unless its clock was set back.
      const one = { id: event.id, tsUs: event.tsUs };
      const last = open.at(-1);
      if (!last || last.tsUs <= one.tsUs) open.push(one);
      else open.splice(firstFrom(open, one.tsUs, false), 0, one);
      this.#count++;
    }
    this.#context.sink.event(event);
    return TAKEN;
  }

  #exit(event: WireEvent, timed: boolean): Verdict {
    const open = this.#open.get(event.op) ?? [];
    const at = timed ? nearest(open, event) : open.length > 0 ? 0 : -1;
    const [found] = at === -1 ? [] : open.splice(at, 1);
    if (found) {
      this.#count--;
      event.id = found.id;
      // In a log without times only `dur=` says how long it took.
      if (!timed && event.durNs === null) event.kind = SPAN;
    } else event.id = this.#nextId++;
    this.#context.sink.event(event);
    return TAKEN;
  }
}

/** Of operations in order of their start, the one that this EXIT ends; -1 where it ends none of them. */
function nearest(open: readonly Open[], exit: WireEvent): number {
  if (exit.durNs === null) return open.length - 1;
  const durUs = exit.durNs / 1_000;
  const startUs = exit.tsUs - durUs;
  const mostUs = Math.max(SLACK_US, durUs * SLACK_SHARE);
  const after = firstFrom(open, startUs, true);
  const earlierUs = open[after - 1]?.tsUs ?? Number.NEGATIVE_INFINITY;
  const laterUs = open[after]?.tsUs ?? Number.POSITIVE_INFINITY;
  const earlierIsNearer = startUs - earlierUs <= laterUs - startUs;
  if (Math.min(startUs - earlierUs, laterUs - startUs) > mostUs) return -1;
  // Of several that began together the first.
  return earlierIsNearer ? firstFrom(open, earlierUs, true) : after;
}

/** Index of the first that began at a time or later; or only later, where it is not `inclusive`. */
function firstFrom(open: readonly Open[], tsUs: number, inclusive: boolean): number {
  let [low, high] = [0, open.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const at = open[middle]?.tsUs ?? Number.POSITIVE_INFINITY;
    if (at > tsUs || (inclusive && at === tsUs)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function fields(text: string, from: number, event: WireEvent): string | null {
  FIELD.lastIndex = from;
  let end = from;
  for (let field = FIELD.exec(text); field; field = FIELD.exec(text)) {
    end = FIELD.lastIndex;
    const [, key = '', raw = ''] = field;
    const value = raw.startsWith('"') ? unquote(raw.slice(1, -1)) : raw;
    const number = NUMBERS[key];
    const small = SMALL[key];
    if (key === 'dur') {
      event.durNs = durationNs(value);
      if (event.durNs === null) return `dur=${value} is no duration`;
    } else if (number && /^\d{1,20}$/.test(value)) event[number] = wide(value);
    else if (small && /^\d{1,10}$/.test(value)) event[small] = Number(value);
    else if (key === 'path' || key === 'name' || key === 'old' || key === 'from') event.path = rooted(value);
    else if (key === 'newpath' || key === 'new' || key === 'to' || key === 'dst')
      event.newPath = rooted(value);
    else if (key === 'err' || key === 'error' || key === 'errno' || key === 'errc') setError(event, value);
    else if ((key === 'n' || key === 'bytes' || key === 'ret') && /^-?\d{1,15}$/.test(value)) {
      if (Number(value) < 0) event.errno = -Number(value);
      else event.bytes = Number(value);
    } else event.args = { ...event.args, [own(key)]: own(value) };
  }
  // The rest is free text, such as the end of an error with blanks in it; cut in the middle of a field it says nothing.
  return end < text.length && /^\w*=?$/.test(text.slice(end)) && event.kind === EXIT && event.durNs === null
    ? 'the line is cut'
    : null;
}

function setError(event: WireEvent, value: string): void {
  if (/^(?:<nil>|nil|null|none|0|ok)$/i.test(value)) return;
  event.errno = errnoOf(value) ?? 5;
  event.args = { ...event.args, error: own(value) };
}

function rooted(path: string): string {
  return path.startsWith('/') ? path : `/${path}`;
}
