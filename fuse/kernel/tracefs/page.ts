// Walks one page of the kernel's trace ring buffer as trace_pipe_raw gives it (include/linux/ring_buffer.h,
// Documentation/trace/ring-buffer-map.rst): a head with a time stamp, then records of 4-byte words whose times are
// differences. Little-endian machines only.
import type { Field } from './format.ts';
import { offsetOf } from './format.ts';

export interface PageLayout {
  timestamp: number;
  commit: number;
  data: number;
}

/** Where the head of a page has its parts. */
export function pageLayout(fields: ReadonlyMap<string, Field>): PageLayout {
  return {
    timestamp: offsetOf(fields, 'timestamp'),
    commit: offsetOf(fields, 'commit'),
    data: offsetOf(fields, 'data'),
  };
}

const PADDING = 29;
const TIME_EXTEND = 30;
const TIME_STAMP = 31;
/** The upper bits of `commit` say whether records were overwritten before this page. */
const COMMIT_BYTES = 0xf_ffff;
/** Absolute stamps carry 59 bits; the upper five are those of the page's own. */
const STAMP_BITS = 2 ** 59;
const DELTA = 2 ** 27;

/**
 * Calls `record` with the place of each record's data and its time.
 * @param view the bytes that one read gave.
 */
export function walkPage(
  view: DataView,
  layout: PageLayout,
  record: (at: number, bytes: number, timeNs: number) => void,
): void {
  let timeNs = u64(view, layout.timestamp);
  const upper = timeNs - (timeNs % STAMP_BITS);
  const end = Math.min(view.byteLength, layout.data + (view.getUint32(layout.commit, true) & COMMIT_BYTES));
  let at = layout.data;
  while (at + 4 <= end) {
    const head = view.getUint32(at, true);
    const type = head & 0x1f;
    const delta = head >>> 5;
    if (type === TIME_EXTEND) {
      timeNs += view.getUint32(at + 4, true) * DELTA + delta;
      at += 8;
    } else if (type === TIME_STAMP) {
      timeNs = upper + view.getUint32(at + 4, true) * DELTA + delta;
      at += 8;
    } else if (type === PADDING) {
      if (delta === 0) return;
      timeNs += delta;
      at += 4 + view.getUint32(at + 4, true);
    } else {
      timeNs += delta;
      // Type 0: too long for the five bits, the length stands in the next word and counts itself.
      const bytes = type === 0 ? view.getUint32(at + 4, true) : type * 4;
      if (at + 4 + bytes > end) return;
      if (type === 0) record(at + 8, bytes - 4, timeNs);
      else record(at + 4, bytes, timeNs);
      at += 4 + bytes;
    }
  }
}

function u64(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * 0x1_0000_0000 + view.getUint32(at, true);
}
