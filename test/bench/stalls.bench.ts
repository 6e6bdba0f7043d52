// How soon the server answers while operations hang: /api/health asked again and again, first with nothing stalled, then
// while a hundred operations wait for a stopped daemon and are looked into; and how soon each has its cause.
import type { Stall } from '../../shared/stall.ts';
import { formatDuration } from '../../shared/units.ts';
import { provideFusectl, provideTracefs } from '../support/daemons.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';
import { type Mounted, Ward } from '../support/ward.ts';
import type { Report } from './report.ts';

const CALLERS = 100;
const ASKED_MS = 10_000;
const GOAL = 'under 200 ms';

export async function bench(report: Report): Promise<void> {
  const ward = new Ward();
  try {
    provideTracefs();
    provideFusectl();
    const mount = await ward.bindfs('stalled');
    await using server = await startTestServer({ args: ['--attach', mount.mountpoint] });
    report.section(`${CALLERS} stalled operations on one mount`);
    told(report, 'health, nothing stalled', await health(server));
    await stall(ward, server, mount, report);
    told(report, 'health, all stalled and looked into', await health(server), GOAL);
  } finally {
    await ward.clean();
  }
}

/** Answer times of /api/health for ASKED_MS, one question after the other, ascending, ns. */
async function health(server: TestServer): Promise<number[]> {
  const times: number[] = [];
  const untilMs = performance.now() + ASKED_MS;
  while (performance.now() < untilMs) {
    const begunMs = performance.now();
    await server.get('/api/health');
    times.push((performance.now() - begunMs) * 1e6);
  }
  return times.sort((a, b) => a - b);
}

async function stall(ward: Ward, server: TestServer, mount: Mounted, report: Report): Promise<void> {
  await ward.stop(mount.pid);
  const script = `for i in $(seq ${CALLERS}); do stat "$0/$i" & done; wait`;
  ward.use('sh', '-c', script, mount.mountpoint);
  /** By stall: from when it was raised until its cause was first seen over HTTP, ns. */
  const late = new Map<number, number>();
  await until(
    'all to be looked into',
    async () => {
      const { items } = await server.get<{ items: Stall[] }>('/api/stalls', { state: 'open', limit: 1_000 });
      for (const { id, cause, raisedUs } of items)
        if (cause !== null && !late.has(id)) late.set(id, (Date.now() * 1e3 - raisedUs) * 1e3);
      return late.size >= CALLERS;
    },
    60_000,
  );
  const worst = Math.max(...late.values());
  report.line('from raised to its cause told, worst', formatDuration(worst).text, { goal: 'under 1 s' });
}

function told(report: Report, name: string, times: readonly number[], goal?: string): void {
  const at = (share: number) => formatDuration(times[Math.floor((times.length - 1) * share)] ?? 0).text;
  report.line(`${name}: median`, at(0.5), { ratio: `${times.length} asked` });
  report.line(`${name}: worst`, at(1), goal === undefined ? {} : { goal });
}
