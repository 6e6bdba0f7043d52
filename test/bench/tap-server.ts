// What a whole FuseScope costs beside a busy mount: a real server with its collector and loader, all on the free core.
import { readFileSync } from 'node:fs';
import type { Health, LatencyAnswer } from '../../shared/api.ts';
import type { Mount } from '../../shared/mount.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';
import { type Mounted, turn, usedNs } from './pinned.ts';
import type { Report } from './report.ts';

const RATE = 50_000;
const SECONDS = 8;
const GOAL_PERCENT = 60;

/** At 50,000 requests a second, and at the highest rate that client and daemon reach on their core. */
export async function withServer(report: Report, plain: Mounted, client: string): Promise<void> {
  await using server = await startTestServer({ args: ['--attach', plain.mountpoint] });
  await until('the mount to be watched', async () => {
    const { items } = await server.get<{ items: Mount[] }>('/api/mounts');
    return items.some((one) => one.mount === plain.mountpoint && one.tier === 'bpf');
  });
  await turn(plain, client, 'stat', RATE, RATE);
  await told(server, RATE);
  for (const [title, perSecond] of [
    [`real server at ${RATE.toLocaleString('en')} requests a second`, RATE],
    ['real server at the highest rate', 0],
  ] as const) {
    const before = await requests(server);
    const used = await processes(server);
    const startedMs = performance.now();
    await turn(plain, client, 'stat', RATE * SECONDS, perSecond);
    const ranS = (performance.now() - startedMs) / 1e3;
    const done = await told(server, before + RATE * SECONDS);
    report.section(title);
    report.line('requests a second', Math.round((done - before) / ranS).toLocaleString('en'));
    let sum = 0;
    for (const { name, ns } of await processes(server)) {
      const percent = (ns - (used.find((one) => one.name === name)?.ns ?? 0)) / ranS / 1e7;
      sum += percent;
      report.line(name, `${percent.toFixed(0)} %`, { ratio: 'of one core' });
    }
    report.line('together', `${sum.toFixed(0)} %`, {
      ratio: 'of one core',
      ...(perSecond > 0 && { goal: `below ${GOAL_PERCENT} %` }),
    });
    const { losses, gauges } = await server.get<Health>('/api/health');
    report.line('lost', gauges.lost.toLocaleString('en'), {
      ratio: Object.keys(losses).join(', '),
      goal: '0',
    });
  }
}

/** Processor time that each process of a FuseScope has used. */
async function processes(server: TestServer): Promise<{ name: string; ns: number }[]> {
  const { kernel } = await server.get<Health>('/api/health');
  const collector = kernel.pid ?? 0;
  const [loader] = readFileSync(`/proc/${collector}/task/${collector}/children`, 'utf8').split(' ');
  return [
    { name: 'server', ns: usedNs(server.child.pid) },
    { name: 'collector', ns: usedNs(collector) },
    { name: 'loader', ns: usedNs(Number(loader)) },
  ];
}

/** Operations that the server has counted. */
async function requests(server: TestServer): Promise<number> {
  const { items } = await server.get<LatencyAnswer>('/api/latency');
  return items.reduce((sum, { count }) => sum + count, 0);
}

/** Waits until so many are told or lost. */
function told(server: TestServer, count: number): Promise<number> {
  return until(
    `${count} operations`,
    async () => {
      const now = await requests(server);
      const { lost } = (await server.get<Health>('/api/health')).gauges;
      return now + lost >= count ? now : null;
    },
    60_000,
  );
}
