// What lies in the page: the head, and the operations, unpacked and in order of start.
import {
  REPORT_DATA,
  REPORT_HEAD,
  type ReportHead,
  type ReportRow,
  reportSpan,
} from '../../shared/report.ts';
import type { Span } from '../../shared/span.ts';

export interface ReportData {
  head: ReportHead;
  spans: Span[];
}

export async function readReport(): Promise<ReportData> {
  const head = JSON.parse(document.getElementById(REPORT_HEAD)?.textContent ?? '{}') as ReportHead;
  const packed = document.getElementById(REPORT_DATA)?.textContent ?? '';
  const bytes = Uint8Array.from(atob(packed.trim()), (char) => char.charCodeAt(0));
  const text = await new Response(
    new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip')),
  ).text();
  const mounts = new Map(head.mounts.map(({ id, mount }) => [id, mount]));
  const mountOf = (id: number) => mounts.get(id) ?? `mount ${id}`;
  const spans = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => reportSpan(JSON.parse(line) as ReportRow, head.fromUs, mountOf));
  return { head, spans };
}
