// What ended a stall, as far as its last moments tell. Pure.
import type { EndedBy } from '../../shared/diagnosis.ts';
import type { Stall } from '../../shared/stall.ts';
import { formatDuration } from '../../shared/units.ts';

/** Errors with which the kernel fails what was in flight when a connection ends (fs/fuse/dev.c). */
const ABORTED = new Set(['ECONNABORTED', 'ENOTCONN']);

/** @param mount what is known of its mount at that time. */
export function endedBy(
  { span, cause, ageMs }: Stall,
  mount: { present: boolean; dead: boolean; daemonAlive: boolean },
): EndedBy {
  const took = formatDuration(ageMs * 1e6).text;
  if (span.state === 'lost')
    return { kind: 'lost', text: `How it ended was not seen; it was open for at least ${took}.` };
  if (span.state === 'aborted' || ABORTED.has(span.error ?? '')) {
    if (!mount.daemonAlive || mount.dead)
      return {
        kind: 'daemon-died',
        text: `Its daemon ended after ${took}, and the kernel failed what it had in hand.`,
      };
    if (!mount.present) return { kind: 'unmounted', text: `It was unmounted after ${took}.` };
    return { kind: 'aborted', text: `Its connection was aborted after ${took}.` };
  }
  if (span.error !== null)
    return { kind: 'error', text: `It was answered after ${took} with ${span.error}.` };
  const was = cause?.kind === 'daemon-stopped' ? ', once it ran again' : '';
  return { kind: 'answered', text: `It was answered after ${took}${was}.` };
}
