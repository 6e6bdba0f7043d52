// What captures each mount, as rows of the doctor. Pure.
import type { Mount, Tier } from '../../shared/mount.ts';
import type { Finding } from './checks.ts';

const FOUND: Readonly<Record<Tier, string>> = {
  bpf: 'its requests, by BPF',
  tracefs: 'its requests, by tracefs: without paths and arguments',
  proc: 'only who waits, from /proc',
  none: 'not listened to',
  mirror: 'its operations, by the mirror itself',
  log: 'what its source sends',
};
const LESS: ReadonlySet<Tier> = new Set(['tracefs', 'proc']);

export function mountFindings(mounts: readonly Mount[]): Finding[] {
  return mounts
    .filter((mount) => mount.state !== 'gone')
    .map(({ mount, tier, tierReason }) => ({
      name: mount,
      state: LESS.has(tier) || (tier === 'bpf' && tierReason !== null) ? 'warn' : 'ok',
      found: FOUND[tier],
      how: tierReason,
    }));
}
