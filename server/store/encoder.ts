// Packs spans for the writer thread and keeps the dictionaries of paths, comms, arguments and collector instances.
// The memory of the dictionaries is bounded by forgetting them whole: a new epoch numbers every string anew.
import { opCode } from '../../shared/ops.ts';
import { SOURCE_KINDS, SPAN_STATES, type Span } from '../../shared/span.ts';
import {
  AT,
  CHUNK_ROWS,
  type Chunk,
  DICTIONARIES,
  type DictionaryName,
  type Epoch,
  type NewStrings,
  type Rows,
  WIDTH,
} from './layout.ts';

/** Strings that a dictionary knows, and how long they are on average at most. */
const MAX_STRINGS = 200_000;
const MAX_CHARS_EACH = 80;
/** Buffers kept for the next spans. */
const MAX_FREE = 64;

class Dictionary {
  private readonly ids = new Map<string, number>();
  private fresh: string[] = [];
  private nextId: number;
  private chars = 0;
  private readonly max: number;

  constructor(firstId: number, max: number) {
    this.nextId = firstId;
    this.max = max;
  }

  get next(): number {
    return this.nextId;
  }

  get full(): boolean {
    return this.ids.size >= this.max || this.chars >= this.max * MAX_CHARS_EACH;
  }

  id(text: string): number {
    const known = this.ids.get(text);
    if (known !== undefined) return known;
    const id = this.nextId++;
    this.ids.set(text, id);
    this.fresh.push(text);
    this.chars += text.length;
    return id;
  }

  /** Strings that were numbered since the last call. */
  take(): NewStrings {
    const strings = this.fresh;
    this.fresh = [];
    return { firstId: this.nextId - strings.length, strings };
  }

  /** Every string that may still be used. */
  all(): [number, string][] {
    return [...this.ids].map(([text, id]) => [id, text]);
  }

  forget(): void {
    this.ids.clear();
    this.chars = 0;
  }
}

export interface Packed {
  chunks: Chunk[];
  rows: number;
  inserted: number;
  strings: Record<DictionaryName, NewStrings>;
  epoch: Epoch | null;
}

export interface EncoderOptions {
  firstIds: Record<DictionaryName, number>;
  nextSpanId: number;
  /** How long an epoch lasts at most. */
  epochS: number;
  nowS: number;
  /** Strings of each kind that are known at once. */
  maxStrings?: number;
}

export class Encoder {
  /** Rows that wait to be taken. */
  rows = 0;
  private inserted = 0;
  private chunks: Chunk[] = [];
  private chunk: Chunk | null = null;
  private readonly free: Rows[] = [];
  private readonly dictionaries: Record<DictionaryName, Dictionary>;
  private highestId: number;
  private epoch: Epoch | null = null;
  private epochOpenedS = 0;
  private usedInEpoch = false;
  /** @see EncoderOptions */
  epochS: number;

  constructor(options: EncoderOptions) {
    const { firstIds, maxStrings = MAX_STRINGS } = options;
    this.dictionaries = {
      paths: new Dictionary(firstIds.paths, maxStrings),
      comms: new Dictionary(firstIds.comms, maxStrings),
      arguments: new Dictionary(firstIds.arguments, maxStrings),
      instances: new Dictionary(firstIds.instances, maxStrings),
    };
    this.highestId = options.nextSpanId - 1;
    this.epochS = options.epochS;
    this.openEpoch(options.nowS);
  }

  add(span: Span, instance: string | null, isNew: boolean): void {
    let chunk = this.chunk;
    if (chunk === null || chunk.count === CHUNK_ROWS) chunk = this.nextChunk();
    const { rows } = chunk;
    const { paths, comms } = this.dictionaries;
    const at = chunk.count * WIDTH;
    const startUs = Math.floor(span.startUs);
    rows[at + AT.id] = span.id;
    rows[at + AT.mountId] = span.mountId;
    rows[at + AT.startUs] = startUs;
    rows[at + AT.startNsRest] = Math.round((span.startUs - startUs) * 1_000);
    rows[at + AT.durationNs] = span.durationNs === null ? Number.NaN : Math.round(span.durationNs);
    rows[at + AT.queueNs] = span.queueNs === null ? Number.NaN : Math.round(span.queueNs);
    rows[at + AT.op] = opCode(span.op);
    rows[at + AT.source] = SOURCE_KINDS.indexOf(span.source);
    rows[at + AT.state] = SPAN_STATES.indexOf(span.state);
    rows[at + AT.errno] = span.errno ?? Number.NaN;
    rows[at + AT.path] = span.path === null ? Number.NaN : paths.id(span.path);
    rows[at + AT.newPath] = span.newPath === null ? Number.NaN : paths.id(span.newPath);
    rows[at + AT.comm] = span.comm === null ? Number.NaN : comms.id(span.comm);
    rows[at + AT.args] =
      span.args === null ? Number.NaN : this.dictionaries.arguments.id(JSON.stringify(span.args));
    wide(chunk, at, AT.nodeid, span.nodeid);
    wide(chunk, at, AT.fh, span.fh);
    wide(chunk, at, AT.offset, span.offset);
    wide(chunk, at, AT.size, span.size);
    rows[at + AT.bytes] = span.bytes === null ? Number.NaN : Math.round(span.bytes);
    rows[at + AT.pid] = span.pid ?? Number.NaN;
    rows[at + AT.tid] = span.tid ?? Number.NaN;
    rows[at + AT.uid] = span.uid ?? Number.NaN;
    rows[at + AT.gid] = span.gid ?? Number.NaN;
    rows[at + AT.daemonTid] = span.daemonTid ?? Number.NaN;
    rows[at + AT.instance] =
      instance === null || span.state !== 'open' ? Number.NaN : this.dictionaries.instances.id(instance);
    wide(chunk, at, AT.unique, span.unique);
    chunk.count++;
    this.rows++;
    if (isNew) this.inserted++;
    if (span.id > this.highestId) this.highestId = span.id;
    this.usedInEpoch = true;
  }

  /** Everything added since the last call. */
  take(): Packed {
    const { paths, comms, arguments: args, instances } = this.dictionaries;
    const packed: Packed = {
      chunks: this.chunks,
      rows: this.rows,
      inserted: this.inserted,
      strings: {
        paths: paths.take(),
        comms: comms.take(),
        arguments: args.take(),
        instances: instances.take(),
      },
      epoch: this.rows > 0 ? this.epoch : null,
    };
    if (packed.epoch) this.epoch = null;
    this.chunks = [];
    this.chunk = null;
    this.rows = 0;
    this.inserted = 0;
    return packed;
  }

  /** Begins a new epoch where the dictionaries are full or this one is old. To be called after `take`. */
  renewEpoch(nowS: number): void {
    const full = DICTIONARIES.some((name) => this.dictionaries[name].full);
    const old = this.usedInEpoch && Math.abs(nowS - this.epochOpenedS) >= this.epochS;
    if (full || old) this.openEpoch(nowS);
  }

  /** Every string that spans may refer to, for a file that was begun anew. */
  strings(): Record<DictionaryName, [number, string][]> {
    const { paths, comms, arguments: args, instances } = this.dictionaries;
    return { paths: paths.all(), comms: comms.all(), arguments: args.all(), instances: instances.all() };
  }

  /** Takes buffers back that the writer is done with. */
  recycle(buffers: readonly Rows[]): void {
    for (const buffer of buffers) if (this.free.length < MAX_FREE) this.free.push(buffer);
  }

  private nextChunk(): Chunk {
    const rows = this.free.pop() ?? new Float64Array(new SharedArrayBuffer(CHUNK_ROWS * WIDTH * 8));
    const chunk: Chunk = { rows, count: 0, wide: [] };
    this.chunks.push(chunk);
    this.chunk = chunk;
    return chunk;
  }

  private openEpoch(nowS: number): void {
    const { paths, comms, arguments: args, instances } = this.dictionaries;
    for (const name of DICTIONARIES) this.dictionaries[name].forget();
    this.epoch = {
      openedS: nowS,
      spanId: this.highestId + 1,
      firstIds: { paths: paths.next, comms: comms.next, arguments: args.next, instances: instances.next },
    };
    this.epochOpenedS = nowS;
    this.usedInEpoch = false;
  }
}

function wide(chunk: Chunk, at: number, field: number, value: number | string | null): void {
  if (typeof value === 'string') {
    chunk.wide.push({ row: chunk.count, field, text: value });
    chunk.rows[at + field] = Number.NaN;
  } else chunk.rows[at + field] = value ?? Number.NaN;
}
