// One self-contained page with the table, the timeline, the latency and the stalls of a range: no server, no network,
// small enough to be mailed. The operations lie in it packed; the script that shows them is built from web/report.
// Names and paths come from traces: nothing of them stands in the page but as data.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createGzip, type Gzip } from 'node:zlib';
import { REPORT_DATA, REPORT_HEAD, type ReportHead, reportRow } from '../../shared/report.ts';
import type { Stall } from '../../shared/stall.ts';
import { reportDir } from '../setup/paths.ts';
import type { Exporter, ExportInfo } from './format.ts';

/** More would make a page that cannot be mailed, or that a browser is slow with. */
export const HTML_SPANS = 100_000;
const HTML_BYTES = 9_000_000;

export const html: Exporter = {
  contentType: 'text/html; charset=utf-8',
  extension: 'html',
  async *write(chunks, info) {
    const script = readFileSync(join(reportDir, 'report.js'), 'utf8').replaceAll('</script', '<\\/script');
    yield `<!doctype html>\n<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<title>FuseScope report</title></head><body><noscript>This report needs JavaScript.</noscript>
<script type="text/plain" id="${REPORT_DATA}">`;
    const packed = new Base64Gzip();
    let spans = 0;
    let leftOut = 0;
    let bytes = 0;
    for await (const chunk of chunks) {
      const room = bytes < HTML_BYTES ? HTML_SPANS - spans : 0;
      const taken = chunk.slice(0, room);
      spans += taken.length;
      leftOut += chunk.length - taken.length;
      if (taken.length === 0) continue;
      const lines = taken.map((span) => `${JSON.stringify(reportRow(span, info.fromUs))}\n`).join('');
      const part = await packed.write(lines);
      bytes += part.length;
      yield part;
    }
    yield await packed.end();
    const head = JSON.stringify(headOf(info, spans, leftOut)).replaceAll('<', '\\u003c');
    yield `</script>\n<script type="application/json" id="${REPORT_HEAD}">${head}</script>\n<script>${script}</script>\n</body></html>\n`;
  },
};

function headOf(info: ExportInfo, spans: number, leftOut: number): ReportHead {
  return {
    producer: `FuseScope ${info.version}`,
    fromUs: info.fromUs,
    untilUs: info.untilUs,
    filter: info.filter,
    spans,
    leftOut,
    mounts: info.mounts.map(({ id, mount, fsType, source }) => ({ id, mount, fsType, source })),
    stalls: info.stalls.map(stallOf),
    gaps: [...info.gaps],
  };
}

function stallOf({ span, raisedUs, closedUs, ageMs, cause }: Stall): ReportHead['stalls'][number] {
  const { id, mountId, op, path, comm, pid } = span;
  return {
    spanId: id,
    mountId,
    op,
    path,
    comm,
    pid,
    raisedUs,
    closedUs,
    ageMs,
    kind: cause?.kind ?? 'unknown',
    text: cause?.text ?? '',
  };
}

/** Packs text as it comes, and gives what is ready as base64. */
class Base64Gzip {
  readonly #gzip: Gzip = createGzip({ level: 6 });
  #ready: Buffer[] = [];

  constructor() {
    this.#gzip.on('data', (part: Buffer) => this.#ready.push(part));
  }

  async write(text: string): Promise<string> {
    await new Promise<void>((resolve, reject) =>
      this.#gzip.write(text, (error) => (error ? reject(error) : resolve())),
    );
    return this.#take(false);
  }

  async end(): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#gzip.once('end', resolve);
      this.#gzip.once('error', reject);
      this.#gzip.end();
    });
    return this.#take(true);
  }

  /** Three bytes are four characters; what is over waits for more. */
  #take(all: boolean): string {
    const bytes = Buffer.concat(this.#ready);
    const length = all ? bytes.length : bytes.length - (bytes.length % 3);
    this.#ready = length === bytes.length ? [] : [bytes.subarray(length)];
    return bytes.subarray(0, length).toString('base64');
  }
}
