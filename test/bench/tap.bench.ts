// What the kernel tap costs a mount that is not ours: bindfs and its one client pinned to a core, the tap's reader to
// another. Untraced, watched and unwatched take turns; beside them the other ways to see the same operations.
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BpfTap, startBpfTap } from '../../fuse/kernel/bpf-tap.ts';
import { buildLoader } from '../../fuse/kernel/loader/build.mjs';
import { PathTable } from '../../fuse/kernel/paths.ts';
import { Workplace } from '../support/mirror.ts';
import { until } from '../support/until.ts';
import { type Cost, FREE_CORE, type Mounted, mounted, turn, usedNs, type Work } from './pinned.ts';
import type { Report } from './report.ts';
import { withServer } from './tap-server.ts';

const ROUNDS = 9;
/** Calls of a turn with us; slower ways get fewer. */
const CALLS = 20_000;
const SLOW_CALLS = 1500;
const GOALS = { stat: { watched: 0.93, unwatched: 0.98 }, open: { watched: 0.91, unwatched: 0.98 } };
const TITLES = { stat: 'stat of a missing name', open: 'open, read 4 KiB, close' };

export async function bench(report: Report): Promise<void> {
  const built = buildLoader();
  if ('reason' in built) return report.line('not measured', built.reason);
  const place = new Workplace();
  const client = join(place.dir, 'client');
  execFileSync('cc', ['-O2', new URL('tap-workload.c', import.meta.url).pathname, '-o', client]);
  // This process reads what the loader writes; the loader inherits its core.
  execFileSync('taskset', ['-cp', FREE_CORE, String(process.pid)], { stdio: 'ignore' });
  try {
    const plain = await mounted(place, 'plain', 'bindfs', ['-f']);
    for (const work of ['stat', 'open'] as const) {
      report.section(`${TITLES[work]}: share of the untraced speed (median of ${ROUNDS} turns)`);
      await ours(report, plain, client, work);
      await others(report, place, plain, client, work);
    }
    await reading(report, plain, client);
    await withServer(report, plain, client);
  } finally {
    execFileSync('taskset', ['-cp', '0-1023', String(process.pid)], { stdio: 'ignore' });
    await place.clean();
  }
}

/** A tap as the collector has one, its records with paths. */
async function tap(connections: number[], told: () => void = () => undefined): Promise<BpfTap> {
  const paths = new PathTable();
  const started = await startBpfTap(
    { ownPids: [] },
    {
      record: (record) => {
        paths.pathOf(record);
        paths.learn(record);
        told();
      },
      name: (name) => paths.learnName(name),
      loss: ({ cause, count }) => {
        throw new Error(`${count} records lost (${cause})`);
      },
      ended: (reason) => {
        throw new Error(reason);
      },
    },
  );
  started.watch(new Set(connections));
  await started.inflight();
  return started;
}

async function ours(report: Report, plain: Mounted, client: string, work: Work): Promise<void> {
  const costs: Record<'untraced' | 'watched' | 'unwatched', Cost[]> = {
    untraced: [],
    watched: [],
    unwatched: [],
  };
  await turn(plain, client, work, CALLS);
  for (let round = 0; round < ROUNDS; round++) {
    costs.untraced.push(await turn(plain, client, work, CALLS));
    for (const [name, connections] of [
      ['watched', [plain.connection]],
      ['unwatched', []],
    ] as const) {
      const listening = await tap([...connections]);
      costs[name].push(await turn(plain, client, work, CALLS));
      await listening.close();
    }
  }
  const perSecond = 1e9 / median(costs.untraced.map((cost) => cost.passedNs));
  report.line('untraced, calls a second', Math.round(perSecond).toLocaleString('en'));
  for (const name of ['watched', 'unwatched'] as const) {
    const share = (of: keyof Cost) =>
      median(costs[name].map((cost, round) => (costs.untraced[round]?.[of] ?? 0) / cost[of]));
    report.line(`BPF tap, ${name}`, share('usedNs').toFixed(3), {
      ratio: `by processor time; ${share('passedNs').toFixed(3)} by the clock`,
      goal: GOALS[work][name].toFixed(2),
    });
  }
}

/** Each beside an untraced turn of its own. */
async function others(
  report: Report,
  place: Workplace,
  plain: Mounted,
  client: string,
  work: Work,
): Promise<void> {
  const log = join(place.dir, `${work}.log`);
  const beside = async (name: string, on: Mounted) => {
    const shares: number[] = [];
    for (let round = 0; round < 3; round++) {
      const untraced = await turn(plain, client, work, SLOW_CALLS);
      shares.push(untraced.passedNs / (await turn(on, client, work, SLOW_CALLS)).passedNs);
    }
    report.line(name, median(shares).toFixed(3));
  };
  // Its debug output goes where a person would send it.
  const debug = [...['-c', `exec bindfs -f -d "$@" 2>${log}`], 'bindfs'];
  await beside('libfuse -d', await mounted(place, `${work}-debug`, 'sh', debug));
  await beside('LoggedFS', await mounted(place, `${work}-logged`, 'loggedfs', ['-f', '-l', log], true));
  const traced = await mounted(place, `${work}-strace`, 'bindfs', ['-f']);
  const strace = spawn('strace', ['-f', '-o', log, '-p', String(traced.child.pid)], { stdio: 'ignore' });
  await until('strace to attach', () =>
    /TracerPid:\t[1-9]/.test(readFileSync(`/proc/${traced.child.pid}/status`, 'utf8')),
  );
  await beside('strace of the daemon', traced);
  strace.kill('SIGINT');
}

/** What the loader and this process use for each request. */
async function reading(report: Report, plain: Mounted, client: string): Promise<void> {
  let records = 0;
  const listening = await tap([plain.connection], () => records++);
  const before = [usedNs(listening.pid), usedNs(process.pid)];
  const startedMs = performance.now();
  await turn(plain, client, 'stat', 10 * CALLS);
  await listening.inflight();
  const seconds = (performance.now() - startedMs) / 1000;
  const used = [usedNs(listening.pid), usedNs(process.pid)].map((ns, i) => ns - (before[i] ?? 0));
  await listening.close();
  report.section(
    `reading ${Math.round(records / seconds).toLocaleString('en')} requests a second, none lost`,
  );
  for (const [i, name] of ['loader', 'reader: decoded, with paths'].entries()) {
    const us = (used[i] ?? 0) / records / 1e3;
    report.line(name, `${us.toFixed(2)} µs`, {
      ratio: `a request; ${(us * 5).toFixed(0)} % of a core at 50,000/s`,
    });
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
