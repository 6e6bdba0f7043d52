// What an exporter is told beside the spans.
import type { ExportInfo } from '../../server/export/format.ts';

export function exportInfo(fromUs: number, untilUs: number, more: Partial<ExportInfo> = {}): ExportInfo {
  return { fromUs, untilUs, filter: '', version: '0', mounts: [], stalls: [], gaps: [], ...more };
}
