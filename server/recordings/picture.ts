// What the page shows of a recording at once: the same frame that the live feed begins with, as it was at its end.
import { LIVE_VERSION, type Second, type SnapshotFrame } from '../../shared/live.ts';
import type { Mount, Tier } from '../../shared/mount.ts';
import type { Recording } from '../../shared/recording.ts';
import { DEFAULT_THRESHOLDS } from '../../shared/stall.ts';
import { WINDOW_S } from '../latency/window.ts';
import { absent } from '../mounts/registry.ts';
import { mountView } from '../mounts/view.ts';
import type { StoredMount } from '../store/types.ts';
import type { RecordingReads } from './opened.ts';

/** Columns of the strip; a longer recording has several seconds in each. */
const MAX_SECONDS = 1_200;
const MAX_OPEN = 500;
const MAX_STALLS = 1_000;

/** @throws CodedError FUSESCOPE_STORE */
export async function pictureOf(
  recording: Recording,
  reads: RecordingReads,
  version: string,
): Promise<SnapshotFrame> {
  const { nowUs } = reads;
  const fromUs = recording.fromUs ?? nowUs;
  const range = { fromUs: Math.min(fromUs, nowUs), toUs: nowUs };
  const [mounts, open, stalls, latency, history, seconds, gaps, tap] = await Promise.all([
    reads.storedMounts(),
    reads.spans({ filter: 'state:open', order: 'start:asc', limit: MAX_OPEN }),
    reads.stalls('open', MAX_STALLS, null),
    reads.latency({ by: 'mount' }),
    reads.mountSeconds(Math.floor(nowUs / 1e6) - WINDOW_S),
    reads.seconds(range),
    reads.gaps(range),
    tapOf(reads),
  ]);
  // One that grows has not counted them yet.
  const openCount = Math.max(recording.open, open.items.length);
  const lengthS = Math.max(1, (nowUs - range.fromUs) / 1e6);
  const views = mounts.map((mount): Mount => {
    const its = latency.items.find((item) => item.mountId === mount.id);
    const spans = open.items.filter((span) => span.mountId === mount.id);
    const nowS = Math.floor(nowUs / 1e6);
    const lane = (pick: 'ops' | 'errors') => {
      const counts = new Array<number>(WINDOW_S).fill(0);
      for (const row of history) {
        const at = row.atS - (nowS - WINDOW_S);
        if (row.mountId === mount.id && at >= 0 && at < WINDOW_S) counts[at] = row[pick];
      }
      return counts;
    };
    const view = mountView(recordOf(mount, tap), {
      inflight: spans.length,
      oldestOpenMs: spans[0] ? (nowUs - spans[0].startUs) / 1e3 : null,
      stalled: stalls.items.filter((stall) => stall.span.mountId === mount.id).length,
      recent: {
        p50Ns: its?.p50Ns ?? null,
        p99Ns: its?.p99Ns ?? null,
        opsHistory: lane('ops'),
        errorsHistory: lane('errors'),
        topError: null,
      },
      inKernel: undefined,
      slowMs: DEFAULT_THRESHOLDS.slowMs,
    });
    // Of a recording the mean says more than its last second.
    return { ...view, opsPerS: (its?.count ?? 0) / lengthS, errorsPerS: (its?.errors ?? 0) / lengthS };
  });
  return {
    type: 'snapshot',
    v: LIVE_VERSION,
    server: { version, startedUs: range.fromUs, demo: false },
    gauges: {
      nowUs,
      opsPerS: (recording.spans - openCount) / lengthS,
      errorsPerS: latency.items.reduce((sum, item) => sum + item.errors, 0) / lengthS,
      inflight: openCount,
      oldestOpenMs: open.items[0] ? (nowUs - open.items[0].startUs) / 1e3 : null,
      lost: recording.lost,
      lagMs: 0,
      store: {
        state: 'ok',
        message: null,
        sizeBytes: recording.sizeBytes,
        maxBytes: recording.sizeBytes,
        oldestUs: range.fromUs,
        spans: recording.spans,
        queued: 0,
      },
    },
    mounts: views,
    stalls: stalls.items,
    open: open.items,
    seconds: thinned(seconds, Math.ceil(lengthS / MAX_SECONDS)),
    gaps,
    filter: '',
  };
}

/** What listened in the kernel: BPF alone knows when a request was picked up. */
async function tapOf(reads: RecordingReads): Promise<Tier> {
  const { items } = await reads.spans({ filter: 'source:kernel state:done', limit: 100 });
  return items.some(({ queueNs }) => queueNs !== null) ? 'bpf' : 'tracefs';
}

/** A mount of which nothing is known but what was stored: a recording has no other mounts than captured ones. */
function recordOf(mount: StoredMount, tap: Tier) {
  const known = absent(mount.kind);
  const tier = mount.kind === 'kernel' ? tap : known.tier;
  return { ...mount, name: mount.mount, ...known, tier, present: true };
}

/** Seconds taken together by `stepS`: operations as their mean a second, the others added up. */
function thinned(seconds: readonly Second[], stepS: number): Second[] {
  if (stepS <= 1) return [...seconds];
  const columns = new Map<number, Second>();
  for (const second of seconds) {
    const atS = Math.floor(second.atS / stepS) * stepS;
    const column = columns.get(atS) ?? { atS, ops: 0, errors: 0, lost: 0, stalls: 0 };
    column.ops += second.ops / stepS;
    column.errors += second.errors;
    column.lost += second.lost;
    column.stalls = Math.max(column.stalls, second.stalls);
    columns.set(atS, column);
  }
  return [...columns.values()].map((column) => ({ ...column, ops: Math.round(column.ops) }));
}
