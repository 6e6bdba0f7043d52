// What the kernel tap costs a mount that is not ours: bindfs and its one client pinned to a core, the tap's reader to
// another. Untraced, watched and unwatched take turns; beside them the other ways to see the same operations.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BpfTap, startBpfTap } from '../../fuse/kernel/bpf-tap.ts';
import { buildLoader } from '../../fuse/kernel/loader/build.mjs';
import { PathTable } from '../../fuse/kernel/paths.ts';
import { Workplace } from '../support/mirror.ts';
import { until } from '../support/until.ts';
import { type Cost, FREE_CORE, type Mounted, mounted, turn, usedNs, type Work } from './pinned.ts';
import type { Report } from './report.ts';
import { median } from './rounds.ts';
import { withServer } from './tap-server.ts';

const ROUNDS = 25;
/** Calls of a turn with us; slower ways get fewer. */
const CALLS = 20_000;
const SLOW_CALLS = 1500;
const GOALS: Record<Work, Record<string, string>> = {
  stat: { 'BPF tap, watched': '0.93', 'BPF tap, unwatched': '0.98' },
  open: { 'BPF tap, watched': '0.91', 'BPF tap, unwatched': '0.98' },
};
const TITLES = { stat: 'stat of a missing name', open: 'open, read 4 KiB, close' };

export async function bench(report: Report): Promise<void> {
  const built = buildLoader();
  if ('reason' in built) return report.line('not measured', built.reason);
  const place = new Workplace();
  const client = join(place.dir, 'client');
  const empty = join(place.dir, 'empty-probe');
  for (const [source, program] of [
    ['tap-workload.c', client],
    ['empty-probe.c', empty],
  ] as const)
    execFileSync('cc', ['-O2', new URL(source, import.meta.url).pathname, '-o', program]);
  // This process reads what the loader writes; the loader inherits its core.
  execFileSync('taskset', ['-cp', FREE_CORE, String(process.pid)], { stdio: 'ignore' });
  try {
    const plain = await mounted(place, 'plain', 'bindfs', ['-f']);
    for (const work of ['stat', 'open'] as const) {
      report.section(`${TITLES[work]}: share of the untraced speed (median of ${ROUNDS} turns)`);
      await ours(report, plain, client, empty, work);
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

/** Programs that do nothing, in place of the tap's. */
async function emptyProbe(program: string): Promise<{ close(): Promise<void> }> {
  const probe = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(probe.stdout, 'data');
  return {
    async close() {
      const ended = once(probe, 'exit');
      probe.stdin.end();
      await ended;
    },
  };
}

/** Untraced and each way to listen, in turn. */
async function ours(
  report: Report,
  plain: Mounted,
  client: string,
  empty: string,
  work: Work,
): Promise<void> {
  const ways = {
    'BPF tap, watched': () => tap([plain.connection]),
    'BPF tap, unwatched': () => tap([]),
    'two programs that do nothing': () => emptyProbe(empty),
  };
  const untraced: Cost[] = [];
  const costs = new Map<string, Cost[]>(Object.keys(ways).map((name) => [name, []]));
  await turn(plain, client, work, CALLS);
  for (let round = 0; round < ROUNDS; round++) {
    untraced.push(await turn(plain, client, work, CALLS));
    for (const [name, listen] of Object.entries(ways)) {
      const listening = await listen();
      costs.get(name)?.push(await turn(plain, client, work, CALLS));
      await listening.close();
    }
  }
  const perSecond = 1e9 / median(untraced.map((cost) => cost.passedNs));
  report.line('untraced, calls a second', Math.round(perSecond).toLocaleString('en'));
  for (const [name, taken] of costs) {
    const share = (of: keyof Cost) =>
      median(taken.map((cost, round) => (untraced[round]?.[of] ?? 0) / cost[of])).toFixed(3);
    const goal = GOALS[work][name];
    report.line(name, share('usedNs'), {
      ratio: `by processor time; ${share('passedNs')} by the clock`,
      ...(goal === undefined ? {} : { goal }),
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
