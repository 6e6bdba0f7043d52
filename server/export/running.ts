// The exports that are under way: how far each is, for whoever waits for the file.
import type { ExportFormat, RunningExport } from '../../shared/api.ts';
import type { ExportPiece } from './pieces.ts';

export class RunningExports {
  readonly #running = new Set<RunningExport>();

  list(): RunningExport[] {
    return [...this.#running];
  }

  /** The bytes of the pieces, counted while they are taken. */
  async *follow(
    name: string | null,
    format: ExportFormat,
    pieces: AsyncIterable<ExportPiece>,
  ): AsyncGenerator<Uint8Array> {
    const facts: RunningExport = { name, format, spans: 0, bytes: 0, share: 0 };
    this.#running.add(facts);
    try {
      for await (const { bytes, spans, share } of pieces) {
        Object.assign(facts, { spans, share, bytes: facts.bytes + bytes.length });
        if (bytes.length > 0) yield bytes;
      }
    } finally {
      this.#running.delete(facts);
    }
  }
}
