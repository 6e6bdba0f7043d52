// Our own exports, read back: every span as it was, but for numbers that belong to the database (id, mountId).
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chrome } from '../../../server/export/chrome.ts';
import { csv } from '../../../server/export/csv.ts';
import type { Exporter } from '../../../server/export/format.ts';
import { ndjson } from '../../../server/export/ndjson.ts';
import type { Span } from '../../../shared/span.ts';
import { spans as anySpan } from '../../shared/arbitrary.ts';
import { exportInfo } from '../../support/export-info.ts';
import { readLog } from './reading.ts';

const EXPORTERS: readonly [name: string, exporter: Exporter][] = [
  ['ndjson', ndjson],
  ['csv', csv],
  ['chrome', chrome],
];

async function exported(exporter: Exporter, spans: readonly Span[]): Promise<string> {
  let text = '';
  const chunks = (async function* () {
    yield spans;
  })();
  for await (const piece of exporter.write(chunks, exportInfo(0, 2e15)))
    text += Buffer.from(piece as string).toString();
  return text;
}

const plain = ({ id: _id, mountId: _mountId, ...span }: Span) => span;

/** Texts that mean something to a format, in every place that takes text. */
const hostile = fc
  .tuple(
    anySpan,
    fc.constantFrom(
      "'=1",
      '=1',
      "''",
      ' ',
      '',
      'a"b',
      'a,b',
      'a\r\nb',
      '\r',
      '"',
      '017',
      '12',
      'null',
      '\u2028',
      '@x',
    ),
  )
  .map(([span, text]): Span => ({ ...span, unique: text, comm: text, path: `/${text}`, newPath: text }));

describe.each(EXPORTERS)('%s', (format, exporter) => {
  it('comes back without loss', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(anySpan, hostile), { minLength: 1, maxLength: 20 }),
        async (spans) => {
          const text = await exported(exporter, spans);
          for (const name of [format, 'auto']) {
            const { spans: back, report } = readLog(text, { format: name });
            expect(report).toMatchObject({ format, rejected: 0, foreign: 0, spans: spans.length });
            expect(back.map((one) => plain(one.span))).toEqual(spans.map(plain));
            expect(back.map((one) => one.mount)).toEqual(spans.map((span) => span.mount));
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});
