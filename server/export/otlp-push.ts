// Pushes operations to an OpenTelemetry collector as they end, over OTLP/HTTP with JSON bodies. What has hung past its
// threshold is pushed at once, flagged as unfinished. A collector that is slow or away costs a bounded queue: what does
// not fit is dropped, oldest first, and counted.
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { OtlpState } from '../../shared/api.ts';
import type { Span } from '../../shared/span.ts';
import type { Trace } from '../trace.ts';
import { OtlpWriter } from './otlp-spans.ts';

export interface OtlpOptions {
  url: string;
  trace: Trace;
  nowUs: () => number;
  version: string;
  log: Logger;
}

const QUEUE_SPANS = 50_000;
const REQUEST_SPANS = 2_000;
const EVERY_MS = 1_000;
const TIMEOUT_MS = 10_000;
/** A collector that hangs must not keep the server from ending. */
const LAST_MS = 2_000;
const LONGEST_WAIT_MS = 30_000;
/** What the specification calls retryable. */
const RETRYABLE = new Set([429, 502, 503, 504]);

/** Where a collector takes traces: the path is the usual one where none is given. */
export function otlpUrl(text: string): string {
  const url = new URL(text);
  if (url.pathname === '/') url.pathname = '/v1/traces';
  return url.href;
}

export class OtlpPush {
  readonly #options: OtlpOptions;
  #queue: Span[] = [];
  #sent = 0;
  #dropped = 0;
  #lastError: string | null = null;
  readonly #ending = new AbortController();
  readonly #body = new OtlpWriter();
  /** Ends the request that is under way. */
  readonly #over = new AbortController();
  #working: Promise<void> = Promise.resolve();
  readonly #take = (span: Span) => this.#push(span);
  readonly #takeOpen = ({ span }: { span: Span }) => this.#push({ ...span });

  constructor(options: OtlpOptions) {
    this.#options = options;
  }

  start(): void {
    this.#options.trace.on('ended', this.#take);
    this.#options.trace.on('raised', this.#takeOpen);
    this.#working = this.#work();
  }

  /** Sends what is there, as far as that goes within two seconds, and ends. */
  async close(): Promise<void> {
    this.#options.trace.off('ended', this.#take);
    this.#options.trace.off('raised', this.#takeOpen);
    this.#ending.abort();
    const timer = setTimeout(() => this.#over.abort(new Error('the server ends')), LAST_MS);
    await this.#working;
    while (this.#queue.length > 0 && !this.#over.signal.aborted && (await this.#send()) === 'sent');
    clearTimeout(timer);
  }

  get state(): OtlpState {
    return {
      url: this.#options.url,
      queued: this.#queue.length,
      sent: this.#sent,
      dropped: this.#dropped,
      lastError: this.#lastError,
    };
  }

  #push(span: Span): void {
    this.#queue.push(span);
    // In steps, since taking one off the front of a long array moves all others.
    if (this.#queue.length >= QUEUE_SPANS + REQUEST_SPANS) {
      this.#queue = this.#queue.slice(REQUEST_SPANS);
      this.#dropped += REQUEST_SPANS;
    }
  }

  async #work(): Promise<void> {
    const { signal } = this.#ending;
    let waitMs = EVERY_MS;
    while (!signal.aborted) {
      await delay(waitMs, undefined, { signal }).catch(() => {});
      waitMs = EVERY_MS;
      while (this.#queue.length > 0 && !signal.aborted) {
        const outcome = await this.#send();
        if (outcome === 'sent') continue;
        waitMs = Math.min(LONGEST_WAIT_MS, Math.max(waitMs * 2, outcome));
        await delay(waitMs, undefined, { signal }).catch(() => {});
      }
    }
  }

  /** One request; a number is how long the collector wants to be left alone, ms. */
  async #send(): Promise<'sent' | number> {
    const { url, trace, nowUs, version, log } = this.#options;
    const spans = this.#queue.slice(0, REQUEST_SPANS);
    const mounts = new Map(trace.mounts.all().map((mount) => [mount.id, mount]));
    const droppedBefore = this.#dropped;
    let response: Response;
    this.#body.request(spans, mounts, nowUs(), version);
    try {
      response = await fetch(url, {
        method: 'POST',
        body: this.#body.take(),
        redirect: 'error',
        headers: { 'content-type': 'application/json', 'user-agent': `fusescope/${version}` },
        signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), this.#over.signal]),
      });
      await response.body?.cancel();
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      return this.#failed(cause instanceof Error ? cause.message : String(cause), 0);
    }
    if (RETRYABLE.has(response.status)) {
      const after = Number(response.headers.get('retry-after'));
      return this.#failed(`it answered ${response.status}`, Number.isFinite(after) ? after * 1_000 : 0);
    }
    // Dropped meanwhile were the oldest: those that this request held.
    const left = Math.max(0, spans.length - (this.#dropped - droppedBefore));
    this.#queue = this.#queue.slice(left);
    if (response.ok) {
      this.#sent += spans.length;
      this.#dropped -= spans.length - left;
      this.#lastError = null;
      return 'sent';
    }
    this.#dropped += left;
    this.#lastError = `it answered ${response.status}`;
    log.warn({ url, status: response.status }, 'the OTLP collector refuses operations');
    return 'sent';
  }

  #failed(why: string, waitMs: number): number {
    if (this.#lastError === null)
      this.#options.log.warn({ url: this.#options.url, why }, 'no OTLP collector');
    this.#lastError = why;
    return waitMs;
  }
}
