// Exports of a million spans (FUSESCOPE_BENCH_SPANS for another number) from a server, as a client gets them.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXPORT_FORMATS } from '../../shared/api.ts';
import { formatBytes, formatCompact } from '../../shared/units.ts';
import { startTestServer } from '../support/server.ts';
import { filledDatabase } from './filled.ts';
import type { Report } from './report.ts';

const SPANS = Number(process.env.FUSESCOPE_BENCH_SPANS ?? 1_000_000);

export async function bench(report: Report): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'fusescope-bench-'));
  try {
    filledDatabase(join(dir, 'trace.db'), SPANS, 100);
    await using server = await startTestServer({ dir });
    report.section(`Exports of ${formatCompact(SPANS).text} spans`);
    const before = rssOf(server.child.pid);
    for (const format of EXPORT_FORMATS) {
      const began = performance.now();
      const response = await fetch(new URL(`/api/export?format=${format}`, server.url));
      let bytes = 0;
      let slowestMs = 0;
      const asking = setInterval(() => {
        const asked = performance.now();
        void server.get('/api/health').then(() => {
          slowestMs = Math.max(slowestMs, performance.now() - asked);
        });
      }, 250);
      for await (const part of response.body ?? []) bytes += part.length;
      clearInterval(asking);
      const perS = SPANS / ((performance.now() - began) / 1_000);
      report.line(format, `${formatCompact(perS).text} spans/s`, {
        ratio: `${formatBytes(bytes).text}, health answered within ${slowestMs.toFixed(0)} ms`,
        goal: '200 k',
      });
    }
    const after = rssOf(server.child.pid);
    report.line('server memory', `${formatBytes(after).text}`, {
      ratio: `${formatBytes(before).text} before`,
    });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function rssOf(pid: number | undefined): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1_024;
}
