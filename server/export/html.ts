// One file to be mailed: table, timeline, latency and stalls of the exported range, without a server and offline. The
// spans are data in it, never markup: names are hostile. What goes past its bounds is left out, and the file says so.
import type { Span } from '../../shared/span.ts';
import { thresholdsFor } from '../../shared/stall.ts';
import type { Exporter } from './format.ts';
import { HTML_HEAD, HTML_TAIL } from './html-page.ts';

const MAX_SPANS = 100_000;
/** The file is to stay under 10 MB. */
const MAX_BYTES = 9_500_000;
const MAX_TEXT = 1_000;

export const html: Exporter = {
  contentType: 'text/html; charset=utf-8',
  extension: 'html',
  async *write(chunks, { untilUs, version }) {
    yield `${HTML_HEAD}<script type="application/json" id="data">{"version":${json(version)},"untilUs":${untilUs},"rows":[\n`;
    const texts = new Map<string, number>();
    let spans = 0;
    let bytes = 0;
    let isCut = false;
    for await (const some of chunks) {
      let out = '';
      for (const span of some) {
        const line = json(row(span, texts, untilUs));
        bytes += Buffer.byteLength(line) + 2;
        if (spans >= MAX_SPANS || bytes > MAX_BYTES) {
          isCut = true;
          break;
        }
        out += `${spans === 0 ? '' : ',\n'}${line}`;
        spans++;
      }
      if (out !== '') yield out;
      if (isCut) break;
    }
    yield `],"cut":${isCut}}</script>\n${HTML_TAIL}`;
  },
};

type Cell = number | string | null;

/**
 * Start, duration, queue, op, mount, state, error, path, new path, pid, comm, offset, bytes, whether it stalled. A text
 * stands where it comes first, later its number.
 */
function row(span: Span, texts: Map<string, number>, untilUs: number): Cell[] {
  const text = (value: string | null): Cell => {
    if (value === null) return null;
    const short = value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value;
    const known = texts.get(short);
    if (known !== undefined) return known;
    texts.set(short, texts.size);
    return short;
  };
  const { stalledMs } = thresholdsFor([], { mount: span.mount, fsType: null, op: span.op });
  const isOpen = span.state === 'open';
  const ageMs = isOpen ? (untilUs - span.startUs) / 1e3 : (span.durationNs ?? 0) / 1e6;
  return [
    span.startUs,
    span.durationNs,
    span.queueNs,
    text(span.op),
    text(span.mount),
    text(span.state),
    text(span.error),
    text(span.path),
    text(span.newPath),
    span.pid,
    text(span.comm),
    span.offset === null ? null : Number(span.offset),
    span.bytes,
    ageMs >= stalledMs ? 1 : 0,
  ];
}

/** JSON that cannot end the element it stands in. */
function json(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll('<', '\\u003c')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
}
