// What a command did on traced mounts, summed up span by span: counts, errors, latency by operation, the slowest, stalls.
import { Histogram } from '../../shared/histogram.ts';
import type { Span } from '../../shared/span.ts';
import type { Stall } from '../../shared/stall.ts';

export interface OperationSummary {
  op: string;
  count: number;
  errors: number;
  /** Without an EXIT when the command had ended. */
  open: number;
  p50Ns: number | null;
  p99Ns: number | null;
  maxNs: number | null;
}

interface Counted {
  count: number;
  errors: number;
  open: number;
  histogram: Histogram;
}

/** The slowest operations that are named. */
const SLOWEST = 5;

export class Summary {
  readonly #byOp = new Map<string, Counted>();
  readonly #errors = new Map<string, number>();
  readonly #slowest: Span[] = [];
  readonly stalls: readonly Stall[];
  /** Events that are known to be missing. */
  readonly lost: number;
  count = 0;

  constructor(stalls: readonly Stall[], lost: number) {
    this.stalls = stalls;
    this.lost = lost;
  }

  add(span: Span): void {
    this.count++;
    let counted = this.#byOp.get(span.op);
    if (!counted) {
      counted = { count: 0, errors: 0, open: 0, histogram: new Histogram() };
      this.#byOp.set(span.op, counted);
    }
    counted.count++;
    if (span.state === 'open') counted.open++;
    if (span.error !== null) {
      counted.errors++;
      this.#errors.set(span.error, (this.#errors.get(span.error) ?? 0) + 1);
    }
    if (span.durationNs === null) return;
    counted.histogram.record(span.durationNs);
    this.#slow(span, span.durationNs);
  }

  /** Most operations first. */
  operations(): OperationSummary[] {
    return [...this.#byOp]
      .map(([op, { count, errors, open, histogram }]) => ({
        op,
        count,
        errors,
        open,
        p50Ns: histogram.percentile(0.5),
        p99Ns: histogram.percentile(0.99),
        maxNs: histogram.count === 0 ? null : histogram.maxNs,
      }))
      .sort((a, b) => b.count - a.count || (a.op < b.op ? -1 : 1));
  }

  /** How often each errno, by name; the commonest first. */
  errors(): [error: string, count: number][] {
    return [...this.#errors].sort((a, b) => b[1] - a[1]);
  }

  slowest(): readonly Span[] {
    return this.#slowest;
  }

  /** How often each operation, for a baseline. */
  counts(): Record<string, number> {
    return Object.fromEntries(
      this.operations()
        .map(({ op, count }) => [op, count] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  }

  #slow(span: Span, ns: number): void {
    const last = this.#slowest.at(-1);
    if (this.#slowest.length >= SLOWEST && ns <= (last?.durationNs ?? 0)) return;
    this.#slowest.push(span);
    this.#slowest.sort((a, b) => (b.durationNs ?? 0) - (a.durationNs ?? 0));
    this.#slowest.length = Math.min(SLOWEST, this.#slowest.length);
  }
}
