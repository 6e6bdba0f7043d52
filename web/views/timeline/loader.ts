// Fetches what is in view, a question at a time: the plan says which. Where operations go on at the right edge it asks
// for what is new about once a second, less often where an answer takes long.
import type { LaneKind, TimelineAnswer } from '../../../shared/timeline.ts';
import { Picture } from './picture.ts';
import { type Ask, nextAsk } from './plan.ts';
import { lengthOf, type Viewport } from './viewport.ts';

/** An operation is stored so long after it has ended, at most; then its column will not change any more. */
const STORED_AFTER_US = 400e3;
const LIVE_EVERY_MS = 700;
/** A live question may take this share of the time. */
const LIVE_SHARE = 0.25;
/** What began longer ago than this is not new. */
const EDGE_US = 5e6;
const RETRY_MS = 2_000;
/** Kept on either side of the view, as lengths of it. */
const KEPT = 3;

export interface Wanted {
  view: Viewport;
  widthPx: number;
  nowUs: number;
  live: boolean;
}

export interface LoaderOptions {
  fetch: (ask: Ask, of: { filter: string; lanes: LaneKind }, signal: AbortSignal) => Promise<TimelineAnswer>;
  wanted: () => Wanted | null;
  changed: () => void;
}

export class Loader {
  picture: Picture | null = null;
  error: Error | null = null;
  /** Since when the view waits for its first answer, by performance.now(); null: it has one. */
  waitingSince: number | null = null;
  private subject: { filter: string; lanes: LaneKind } = { filter: '', lanes: 'caller' };
  private abort = new AbortController();
  private busy: Ask | null = null;
  private settledUs = 0;
  private notBefore = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly options: LoaderOptions;

  constructor(options: LoaderOptions) {
    this.options = options;
  }

  /** Begins anew with another filter or other lanes. */
  begin(filter: string, lanes: LaneKind): void {
    this.end();
    this.subject = { filter, lanes };
    this.abort = new AbortController();
    this.picture = null;
    this.error = null;
    this.settledUs = 0;
    this.notBefore = 0;
    this.waitingSince = performance.now();
    this.look();
  }

  end(): void {
    clearTimeout(this.timer);
    this.abort.abort();
    this.busy = null;
  }

  retry(): void {
    this.error = null;
    this.notBefore = 0;
    this.look();
  }

  /** Asks for what is missing, if anything is; called whenever the view has moved and while it follows. */
  look(): void {
    const wanted = this.options.wanted();
    if (!wanted || this.abort.signal.aborted) return;
    const ask = nextAsk({ ...wanted, picture: this.picture, settledUs: this.settledUs });
    if (!ask) return;
    // A question for another zoom is not worth its answer any more.
    if (this.busy) {
      if (!ask.fresh || this.busy.stepUs === ask.stepUs) return;
      this.abort.abort();
      this.abort = new AbortController();
    }
    const isTail = !ask.fresh && this.isAtEdge(ask, wanted.nowUs);
    const inMs = this.notBefore - performance.now();
    if ((isTail || this.error) && inMs > 0) this.lookLater(inMs);
    else void this.load(ask, isTail, this.abort.signal);
  }

  /** Whether all there is was fetched a moment ago, so that a question can only bring what is new. */
  private isAtEdge(ask: Ask, nowUs: number): boolean {
    const knownUs = this.picture?.toUs ?? 0;
    return ask.fromUs <= knownUs && nowUs - knownUs < Math.max(EDGE_US, 4 * ask.stepUs);
  }

  private lookLater(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), ms);
  }

  private async load(ask: Ask, isTail: boolean, signal: AbortSignal): Promise<void> {
    this.busy = ask;
    const begun = performance.now();
    const askedAtUs = this.options.wanted()?.nowUs ?? 0;
    if (ask.fresh && this.picture === null) this.waitingSince ??= begun;
    try {
      const answer = await this.options.fetch(ask, this.subject, signal);
      if (signal.aborted) return;
      this.take(ask, answer, askedAtUs);
      this.error = null;
      this.waitingSince = null;
      const took = performance.now() - begun;
      this.notBefore = isTail ? begun + Math.max(LIVE_EVERY_MS, took / LIVE_SHARE) : 0;
    } catch (error) {
      if (signal.aborted) return;
      this.error = error instanceof Error ? error : new Error(String(error));
      this.notBefore = performance.now() + RETRY_MS;
      this.lookLater(RETRY_MS);
    }
    this.busy = null;
    this.options.changed();
    this.look();
  }

  private take(ask: Ask, answer: TimelineAnswer, askedAtUs: number): void {
    if (ask.fresh || !this.picture || this.picture.stepUs !== ask.stepUs) {
      this.picture = new Picture(ask.stepUs);
      this.settledUs = 0;
    }
    this.picture.add(answer);
    const settled = Math.min(this.picture.toUs, askedAtUs - STORED_AFTER_US - ask.stepUs);
    this.settledUs = Math.max(this.settledUs, settled);
    const view = this.options.wanted()?.view;
    if (!view) return;
    this.picture.trim(view.fromUs - KEPT * lengthOf(view), view.toUs + KEPT * lengthOf(view));
  }
}
