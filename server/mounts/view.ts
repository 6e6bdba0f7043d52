// From what the server holds of a mount to what every API shows of it. Pure.
import type { Mount, MountState } from '../../shared/mount.ts';
import type { RecentLatency } from '../latency/recorder.ts';
import type { MountRecord } from './registry.ts';

export interface MountNow {
  inflight: number;
  oldestOpenMs: number | null;
  stalled: number;
  recent: RecentLatency;
  /** Threshold of the mount's ordinary operations. */
  slowMs: number;
}

export function mountView(mount: MountRecord, now: MountNow): Mount {
  return {
    id: mount.id,
    host: mount.host,
    mount: mount.mount,
    alsoAt: mount.alsoAt,
    fsType: mount.fsType,
    source: mount.source,
    kind: mount.kind,
    connection: mount.connection,
    daemon: mount.daemon,
    state: stateOf(mount, now),
    tier: mount.tier,
    waiting: mount.waiting,
    inflight: now.inflight,
    stalled: now.stalled,
    oldestOpenMs: now.oldestOpenMs,
    opsPerS: now.recent.opsHistory.at(-1) ?? 0,
    errorsPerS: now.recent.errorsHistory.at(-1) ?? 0,
    p50Ns: now.recent.p50Ns,
    p99Ns: now.recent.p99Ns,
    topError: now.recent.topError,
    opsHistory: now.recent.opsHistory,
    errorsHistory: now.recent.errorsHistory,
    lost: mount.lost,
    firstSeenUs: mount.firstSeenUs,
    lastSeenUs: mount.lastSeenUs,
  };
}

/** The worst thing that is true of it. */
function stateOf(mount: MountRecord, now: MountNow): MountState {
  if (now.stalled > 0) return 'stalled';
  if (!mount.present) return 'gone';
  const slow = (now.recent.p99Ns ?? 0) / 1e6 > now.slowMs || (now.oldestOpenMs ?? 0) > now.slowMs;
  return slow ? 'slow' : 'ok';
}
