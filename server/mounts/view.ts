// From what the server holds of a mount to what every API shows of it. Pure.
import type { Mount, MountState } from '../../shared/mount.ts';
import type { MountView } from '../latency/window.ts';
import { WINDOW_S } from '../latency/window.ts';
import { isTapped, type MountRecord } from './registry.ts';

export interface MountNow {
  inflight: number;
  oldestOpenMs: number | null;
  stalled: number;
  /** The last minute; null where nothing ended in it. */
  recent: MountView | null;
  /** What the kernel tells of a mount that something else captures. */
  inKernel: MountRecord | undefined;
  /** Threshold of the mount's ordinary operations. */
  slowMs: number;
}

/** The mirror's operations are shown; the kernel's are its own. */
const BOTH = 'listened to in the kernel too; source:kernel shows what it tells';

const QUIET: MountView = {
  p50Ns: null,
  p99Ns: null,
  opsHistory: new Array(WINDOW_S).fill(0),
  errorsHistory: new Array(WINDOW_S).fill(0),
  topError: null,
};

/** A mount as lists show it; one that the kernel tells of too has its counts and places. */
export function mountView(mount: MountRecord, now: MountNow): Mount {
  const recent = now.recent ?? QUIET;
  const kernel = now.inKernel ?? mount;
  return {
    id: mount.id,
    host: mount.host,
    mount: mount.mount,
    alsoAt: kernel === mount ? mount.alsoAt : placesBeside(mount.mount, kernel),
    fsType: mount.fsType,
    source: mount.source,
    kind: mount.kind,
    connection: mount.connection,
    daemon: mount.daemon,
    state: stateOf(mount, now),
    tier: mount.tier,
    tierReason: kernel === mount ? mount.tierReason : isTapped(kernel) ? BOTH : null,
    waiting: kernel.waiting,
    maxBackground: kernel.maxBackground,
    options: kernel.options,
    namespace: kernel.namespace,
    blocked: kernel === mount ? mount.blocked : [],
    inflight: now.inflight,
    stalled: now.stalled,
    oldestOpenMs: now.oldestOpenMs,
    opsPerS: recent.opsHistory.at(-1) ?? 0,
    errorsPerS: recent.errorsHistory.at(-1) ?? 0,
    p50Ns: recent.p50Ns,
    p99Ns: recent.p99Ns,
    topError: recent.topError,
    opsHistory: recent.opsHistory,
    errorsHistory: recent.errorsHistory,
    lost: mount.lost,
    firstSeenUs: mount.firstSeenUs,
    lastSeenUs: mount.lastSeenUs,
  };
}

function placesBeside(name: string, { mount, alsoAt }: MountRecord): string[] {
  return [mount, ...alsoAt].filter((place) => place !== name);
}

/** The worst thing that is true of it. */
function stateOf(mount: MountRecord, now: MountNow): MountState {
  if (now.stalled > 0) return 'stalled';
  if (!mount.present) return 'gone';
  if (mount.dead) return 'dead';
  const slow = (now.recent?.p99Ns ?? 0) / 1e6 > now.slowMs || (now.oldestOpenMs ?? 0) > now.slowMs;
  return slow ? 'slow' : 'ok';
}
