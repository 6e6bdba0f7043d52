// fusescope_operation_duration_seconds: totals since the start, summed from the histograms that the server keeps anyway,
// so that an operation costs nothing more. Bounds are powers of two, each an edge of those histograms: exact counts.
// prom-client's own Histogram takes one observation at a time, so this family is written here.
import { BUCKETS, bucketOf } from '../../shared/histogram.ts';
import type { LatencyRecorder } from '../latency/recorder.ts';
import type { RollupRow } from '../store/types.ts';

export const NAME = 'fusescope_operation_duration_seconds';
const HELP = 'Operations that ended, by how long they took; those that are open are in none of it.';
/** 8.192 µs to 137 s. */
const BOUNDS_NS = Array.from({ length: 25 }, (_, i) => 2 ** (13 + i));
/** First bucket of the fine histogram that lies above each bound. */
const EDGES = BOUNDS_NS.map((ns) => bucketOf(ns));
/** Of each bucket of the fine histogram, the bound it is below. */
const BOUND_OF = Uint8Array.from({ length: BUCKETS }, (_, bucket) => {
  const bound = EDGES.findIndex((edge) => bucket < edge);
  return bound < 0 ? BOUNDS_NS.length : bound;
});
/** More than these are counted together, so that no file system can grow the answer without bound. */
const MAX_MOUNTS = 200;
const MAX_OPS = 80;
export const OTHER = '(other)';

interface Series {
  mount: string;
  op: string;
  /** By bound, the last one for what is longer than all. */
  counts: Float64Array;
  sumNs: number;
}

/** What is written to a histogram: a finished second, or the one that runs. */
type Counted = Pick<RollupRow, 'mountId' | 'op' | 'sumNs' | 'buckets' | 'counts'>;

export class Durations {
  readonly #nameOf: (mountId: number) => string;
  readonly #labels = new Labels();
  readonly #series = new Map<string, Series>();

  constructor(nameOf: (mountId: number) => string) {
    this.#nameOf = nameOf;
  }

  /** Adds seconds that are over. */
  add(rows: readonly Counted[]): void {
    for (const row of rows) addTo(this.#find(this.#series, row), row);
  }

  /** The family in Prometheus' text format, with what the recorder has not handed over yet. */
  text(recorder: LatencyRecorder): string {
    const all = new Map([...this.#series].map(([key, one]) => [key, { ...one, counts: one.counts.slice() }]));
    for (const row of recorder.running()) addTo(this.#find(all, row), row);
    const lines = [`# HELP ${NAME} ${HELP}`, `# TYPE ${NAME} histogram`];
    for (const series of all.values()) write(lines, series);
    return `${lines.join('\n')}\n`;
  }

  #find(series: Map<string, Series>, row: Counted): Series {
    const { mount, op } = this.#labels.of(this.#nameOf(row.mountId), row.op);
    const key = JSON.stringify([mount, op]);
    let found = series.get(key);
    if (!found) {
      found = { mount, op, counts: new Float64Array(BOUNDS_NS.length + 1), sumNs: 0 };
      series.set(key, found);
    }
    return found;
  }
}

/** Bounded label values: the first so many are named, the rest are one. */
export class Labels {
  readonly #mounts = new Set<string>();
  readonly #ops = new Set<string>();

  of(mount: string, op: string): { mount: string; op: string } {
    return { mount: bounded(this.#mounts, mount, MAX_MOUNTS), op: bounded(this.#ops, op, MAX_OPS) };
  }
}

function bounded(known: Set<string>, value: string, most: number): string {
  if (known.has(value)) return value;
  if (known.size >= most) return OTHER;
  known.add(value);
  return value;
}

function addTo(series: Series, { buckets, counts, sumNs }: Counted): void {
  for (let i = 0; i < buckets.length; i++) {
    const bound = BOUND_OF[buckets[i] ?? 0] ?? BOUNDS_NS.length;
    series.counts[bound] = (series.counts[bound] ?? 0) + (counts[i] ?? 0);
  }
  series.sumNs += sumNs;
}

function write(lines: string[], { mount, op, counts, sumNs }: Series): void {
  const labels = `mount="${escaped(mount)}",op="${escaped(op)}"`;
  let sum = 0;
  for (const [i, ns] of BOUNDS_NS.entries()) {
    sum += counts[i] ?? 0;
    lines.push(`${NAME}_bucket{${labels},le="${ns / 1e9}"} ${sum}`);
  }
  sum += counts.at(-1) ?? 0;
  lines.push(`${NAME}_bucket{${labels},le="+Inf"} ${sum}`);
  lines.push(`${NAME}_sum{${labels}} ${sumNs / 1e9}`, `${NAME}_count{${labels}} ${sum}`);
}

function escaped(label: string): string {
  return label.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
