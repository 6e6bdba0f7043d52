// How the events of one operation add up to its span.
import type { Span } from '../../shared/span.ts';
import type { WireEvent } from '../../shared/wire/frames.ts';

/** Takes what the event tells and the span lacks; ENTER's word stands, but results come with the EXIT. */
export function fill(span: Span, event: WireEvent): void {
  span.path ??= event.path;
  span.newPath ??= event.newPath;
  span.nodeid ??= event.nodeid;
  span.fh ??= event.fh;
  span.offset ??= event.offset;
  span.size ??= event.size;
  span.pid ??= event.pid;
  span.tid ??= event.tid;
  span.uid ??= event.uid;
  span.gid ??= event.gid;
  span.comm ??= event.comm;
  span.daemonTid ??= event.daemonTid;
  if (event.bytes !== null) span.bytes = event.bytes;
  if (event.queueNs !== null) span.queueNs = event.queueNs;
  if (event.args !== null) span.args = span.args === null ? event.args : { ...event.args, ...span.args };
}
