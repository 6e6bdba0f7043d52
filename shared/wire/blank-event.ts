// The event that others are made of by filling in what is known.
import type { WireEvent } from './frames.ts';

/** An event without anything but what it must have. */
export function blankEvent(
  kind: WireEvent['kind'],
  op: number,
  id: number | string,
  tsUs: number,
): WireEvent {
  return {
    kind,
    mount: 0,
    op,
    id,
    monoNs: 0,
    tsUs,
    durNs: null,
    queueNs: null,
    errno: null,
    path: null,
    newPath: null,
    nodeid: null,
    fh: null,
    offset: null,
    size: null,
    bytes: null,
    pid: null,
    tid: null,
    uid: null,
    gid: null,
    comm: null,
    daemonTid: null,
    args: null,
  };
}
