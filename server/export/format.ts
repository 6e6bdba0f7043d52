// What an export format is: a name, a file type, and a writer that turns chunks of spans into chunks of text or
// bytes. Writers hold no more than a chunk, whatever the length of the trace.
import type { Gap } from '../../shared/live.ts';
import type { Span } from '../../shared/span.ts';
import type { Stall } from '../../shared/stall.ts';
import type { StoredMount } from '../store/types.ts';

export interface ExportInfo {
  /** The exported range, as far as anything is stored; what is open is open until its end. */
  fromUs: number;
  untilUs: number;
  filter: string;
  version: string;
  mounts: readonly StoredMount[];
  /** Stalls of the filter that were open at some time of the range, oldest first. */
  stalls: readonly Stall[];
  /** What was lost in the range. */
  gaps: readonly Gap[];
}

export interface Exporter {
  readonly contentType: string;
  /** Of the file, without a dot. */
  readonly extension: string;
  /** Spans come in order of start. */
  write(chunks: AsyncIterable<readonly Span[]>, info: ExportInfo): AsyncIterable<string | Uint8Array>;
}
