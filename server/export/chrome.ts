// Chrome trace event format, JSON object form, which Perfetto, speedscope and chrome://tracing open
// (https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU). A mount is a process, a
// caller's lane a thread, a finished span an X event, an open one a B without its E.
import type { Span } from '../../shared/span.ts';
import type { Stall } from '../../shared/stall.ts';
import type { Exporter } from './format.ts';
import type { Count } from './in-flight.ts';
import { type Track, Tracks, type TrackWriter } from './tracks.ts';

export const chrome: Exporter = {
  contentType: 'application/json',
  extension: 'json',
  async *write(chunks, info) {
    const out = new ChromeTracks();
    const tracks = new Tracks(out, info);
    let lead = `{"displayTimeUnit":"ns","otherData":${JSON.stringify({ producer: `FuseScope ${info.version}` })},"traceEvents":[\n`;
    for await (const spans of chunks) {
      for (const span of spans) tracks.add(span);
      const lines = out.take();
      if (lines.length === 0) continue;
      yield lead + lines.join(',\n');
      lead = ',\n';
    }
    tracks.end();
    const rest = out.take().join(',\n');
    const end = rest === '' && lead === ',\n' ? '' : lead;
    yield `${end}${rest}\n]}\n`;
  },
};

class ChromeTracks implements TrackWriter {
  #lines: string[] = [];

  take(): string[] {
    const lines = this.#lines;
    this.#lines = [];
    return lines;
  }

  mount(mountId: number, name: string): void {
    this.#write({ ph: 'M', name: 'process_name', pid: mountId, tid: 0, ts: 0, args: { name } });
  }

  /** There are two levels only: the name of a caller stands before that of its thread. */
  track({ number, mountId, parent, name }: Track): void {
    const args = { name: parent === null ? name : `${parent.name}, ${name}` };
    this.#write({ ph: 'M', name: 'thread_name', pid: mountId, tid: number, ts: 0, args });
  }

  operation(track: number, span: Span): void {
    const { durationNs } = span;
    // `dur` in µs is no exact number of ns; that stands among the arguments.
    this.#write({
      ph: durationNs === null ? 'B' : 'X',
      name: span.op,
      cat: span.state,
      pid: span.mountId,
      tid: track,
      ts: span.startUs,
      dur: durationNs === null ? undefined : durationNs / 1_000,
      // What is absent is left out.
      args: {
        source: span.source,
        unique: span.unique ?? undefined,
        state: span.state,
        durationNs,
        queueNs: span.queueNs ?? undefined,
        errno: span.errno ?? undefined,
        error: span.error ?? undefined,
        path: span.path ?? undefined,
        newPath: span.newPath ?? undefined,
        nodeid: span.nodeid ?? undefined,
        fh: span.fh ?? undefined,
        offset: span.offset ?? undefined,
        size: span.size ?? undefined,
        bytes: span.bytes ?? undefined,
        pid: span.pid ?? undefined,
        tid: span.tid ?? undefined,
        uid: span.uid ?? undefined,
        gid: span.gid ?? undefined,
        comm: span.comm ?? undefined,
        daemonTid: span.daemonTid ?? undefined,
        args: span.args ?? undefined,
      },
    });
  }

  queue(track: number, { mountId, startUs, id }: Span, queueNs: number): void {
    const at = { cat: 'queue', pid: mountId, tid: track, ts: startUs };
    this.#write({ ph: 'X', name: 'queue', ...at, dur: queueNs / 1_000 });
    this.#write({ ph: 's', name: 'taken', ...at, id });
  }

  service(track: number, { mountId, startUs, durationNs, id, op, path }: Span, queueNs: number): void {
    const at = { pid: mountId, tid: track, ts: startUs + queueNs / 1_000 };
    const bar = { name: op, cat: 'service', ...at, args: { id, path } };
    this.#write(
      durationNs === null ? { ph: 'B', ...bar } : { ph: 'X', ...bar, dur: (durationNs - queueNs) / 1_000 },
    );
    this.#write({ ph: 'f', bp: 'e', name: 'taken', cat: 'queue', ...at, id });
  }

  stall(track: number, { raisedUs, span, cause }: Stall): void {
    const args = { id: span.id, path: span.path, cause: cause?.kind ?? 'unknown', text: cause?.text ?? '' };
    const at = { pid: span.mountId, tid: track, ts: raisedUs };
    this.#write({ ph: 'i', s: 't', name: `stall: ${span.op}`, cat: 'stall', ...at, args });
  }

  count({ mountId, atUs, value }: Count): void {
    this.#write({ ph: 'C', name: 'in flight', pid: mountId, tid: 0, ts: atUs, args: { operations: value } });
  }

  #write(event: object): void {
    this.#lines.push(JSON.stringify(event));
  }
}
