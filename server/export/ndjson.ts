// One span a line, as the API shows it: loses nothing and can be read back.
import type { Exporter } from './format.ts';

export const ndjson: Exporter = {
  contentType: 'application/x-ndjson',
  extension: 'ndjson',
  async *write(chunks) {
    for await (const spans of chunks) {
      yield spans.map((span) => `${JSON.stringify(span)}\n`).join('');
    }
  },
};
