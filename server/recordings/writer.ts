// Makes a recording of spans from anywhere, such as a log that is read. Spans are packed here and written by a thread.
import type { Gap } from '../../shared/live.ts';
import type { Recording } from '../../shared/recording.ts';
import type { Span } from '../../shared/span.ts';
import { CodedError } from '../errors.ts';
import { openStore } from '../store/store.ts';
import type { Store, StoredMount } from '../store/types.ts';

/** Spans that may wait for the disk before the one who writes has to. */
const MAX_QUEUED = 40_000;
const FOR_EVER_S = 1e11;
/** Several logs may be read at once, beside what the server does for the live trace. */
const MAX_STRINGS = 40_000;

/** A mount as whoever makes a recording names it. */
export type NamedMount = Pick<StoredMount, 'mount'> & Partial<Omit<StoredMount, 'id' | 'mount'>>;

export interface WriterEnd {
  /** Completes the file. @param endUs until when open spans are open; null: until the last known time. */
  finish: (endUs: number | null) => Promise<Recording>;
  abort: () => Promise<void>;
}

export class RecordingWriter {
  readonly id: number;
  /** Spans so far. */
  spans = 0;
  private readonly store: Store;
  private readonly host: string;
  private readonly end: WriterEnd;
  private readonly mountIds = new Map<string, number>();
  private lostSpans = 0;

  private constructor(id: number, store: Store, host: string, end: WriterEnd) {
    this.id = id;
    this.store = store;
    this.host = host;
    this.end = end;
  }

  static async open(id: number, file: string, host: string, end: WriterEnd): Promise<RecordingWriter> {
    let writer: RecordingWriter | null = null;
    const store = await openStore({
      file,
      maxBytes: Number.MAX_SAFE_INTEGER,
      maxAgeS: FOR_EVER_S,
      maxStrings: MAX_STRINGS,
      onLost: (_cause, count) => {
        if (writer) writer.lostSpans += count;
      },
    });
    writer = new RecordingWriter(id, store, host, end);
    return writer;
  }

  /** The number of a mount in this recording: spans name it. The same mount has the same number. */
  mount(mount: NamedMount): number {
    const { kind = 'log', host = this.host } = mount;
    const key = JSON.stringify([kind, host, mount.mount]);
    const known = this.mountIds.get(key);
    if (known !== undefined) return known;
    const id = this.mountIds.size + 1;
    this.mountIds.set(key, id);
    const times = { firstSeenUs: 0, lastSeenUs: 0, goneUs: null };
    const nothing = { fsType: null, source: null, connection: null, ...times };
    this.store.putMount({ ...nothing, ...mount, id, host, kind });
    return id;
  }

  /**
   * Takes spans, and numbers them in this order (`id` of each is set). Resolves at once, or, where the disk is behind,
   * when it is not far behind any more: who waits for it needs constant memory.
   * @throws CodedError FUSESCOPE_STORE where the disk takes nothing
   */
  async write(spans: readonly Span[]): Promise<void> {
    for (const span of spans) {
      span.id = ++this.spans;
      this.store.insert(span, null);
    }
    this.store.flush();
    this.check();
    // Not until all is written: whoever reads meanwhile and whoever writes would take turns.
    while (this.store.gauges().queued > MAX_QUEUED) {
      await this.store.moved();
      this.check();
    }
  }

  /** Keeps something beside the spans, as JSON under a name of its own (table `settings`). */
  keep(name: string, value: unknown): void {
    this.store.putSetting(name, JSON.stringify(value));
  }

  /** Something is known to be missing. */
  gap(gap: Gap): void {
    this.store.putGap(gap);
  }

  /** Completes the recording: latency, stalls and counts are worked out. @throws CodedError FUSESCOPE_STORE */
  async finish(endUs: number | null = null): Promise<Recording> {
    await this.store.settled();
    try {
      this.check();
    } catch (error) {
      await this.abort();
      throw error;
    }
    await this.store.close();
    return this.end.finish(endUs);
  }

  /** Leaves nothing. */
  async abort(): Promise<void> {
    await this.store.close();
    await this.end.abort();
  }

  private check(): void {
    const { state, message } = this.store.gauges();
    if (state === 'ok' && this.lostSpans === 0) return;
    throw new CodedError(
      'FUSESCOPE_STORE',
      `the recording cannot be written (${message ?? 'the disk takes nothing'}). Make room, then try again`,
    );
  }
}
