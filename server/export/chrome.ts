// Chrome trace event format, JSON object form, which Perfetto, speedscope and chrome://tracing open
// (https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU). A mount is a process, a
// caller's lane a thread, a finished span an X event, an open one a B without its E.
import type { Span } from '../../shared/span.ts';
import type { Exporter } from './format.ts';
import { Lanes } from './lanes.ts';

export const chrome: Exporter = {
  contentType: 'application/json',
  extension: 'json',
  async *write(chunks, info) {
    const lanes = new Lanes();
    const mounts = new Set<number>();
    let lead = `{"displayTimeUnit":"ns","otherData":${JSON.stringify({ producer: `FuseScope ${info.version}` })},"traceEvents":[\n`;
    for await (const spans of chunks) {
      const lines: string[] = [];
      for (const span of spans) {
        const lane = lanes.laneOf(span);
        if (!mounts.has(span.mountId)) {
          mounts.add(span.mountId);
          lines.push(meta('process_name', span.mountId, 0, span.mount));
        }
        if (lane.fresh) {
          const name = `${lane.comm ?? 'caller'} ${lane.tid}${lane.depth === 0 ? '' : ` (${lane.depth + 1})`}`;
          lines.push(meta('thread_name', span.mountId, lane.number, name));
        }
        lines.push(event(span, lane.number));
      }
      if (lines.length === 0) continue;
      yield lead + lines.join(',\n');
      lead = ',\n';
    }
    yield lead.startsWith('{') ? `${lead}]}\n` : '\n]}\n';
  },
};

function meta(name: string, pid: number, tid: number, value: string): string {
  return JSON.stringify({ ph: 'M', name, pid, tid, ts: 0, args: { name: value } });
}

function event(span: Span, lane: number): string {
  // `dur` in µs is no exact number of ns; that stands among the arguments.
  const { op, startUs, mountId, id: _id, mount: _mount, ...args } = span;
  const { durationNs } = span;
  const common = { name: op, cat: span.state, pid: mountId, tid: lane, ts: startUs, args };
  return JSON.stringify(
    durationNs === null ? { ph: 'B', ...common } : { ph: 'X', ...common, dur: durationNs / 1_000 },
  );
}
