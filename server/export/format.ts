// What an export format is: a name, a file type, and a writer that turns chunks of spans into chunks of text or
// bytes. Writers hold no more than a chunk, whatever the length of the trace.
import type { Span } from '../../shared/span.ts';

export interface ExportInfo {
  /** End of the exported range, or now: what open spans are open until. */
  untilUs: number;
  version: string;
}

export interface Exporter {
  readonly contentType: string;
  /** Of the file, without a dot. */
  readonly extension: string;
  write(chunks: AsyncIterable<readonly Span[]>, info: ExportInfo): AsyncIterable<string | Uint8Array>;
}
