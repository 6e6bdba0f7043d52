// What the possibility of faults costs a mirror that has none: the same work on mirrors without rules, with rules that
// were removed again, with a rule for another operation, and with one that looks at each operation and never fits. All
// are mounted at once and take turns; client and mirrors share one processor, the server has the other.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FaultRule } from '../../shared/fault.ts';
import { FakeServer } from '../support/ingest.ts';
import { run, Workplace } from '../support/mirror.ts';
import type { Report } from './report.ts';
import { median, rounds } from './rounds.ts';

const ROUNDS = 9;
const SECONDS = '0.5';
const WORK = {
  missing: 'stat of a missing name',
  readSmall: 'open, read 4 KiB, close',
  createSmall: 'create or truncate, write, close',
  writeBlock: 'write 128 KiB',
} as const;
type Rates = Record<keyof typeof WORK, number>;

const NEVER: FaultRule = { match: { path: '/no/such/path/**' }, effect: { errno: 'EIO' } };
const OTHER: FaultRule = { match: { op: ['symlink'] }, effect: { errno: 'EIO' } };
const REFERENCE = 'no rules';

export async function bench(report: Report): Promise<void> {
  const place = new Workplace();
  const servers: FakeServer[] = [];
  /** A mirror with a server of its own, so that it alone is told of rules. */
  const mirror = async (name: string, rules: FaultRule[] = []) => {
    const socket = join(place.dir, `${name}.sock`);
    const server = await FakeServer.start(socket);
    servers.push(server);
    await run('taskset', ['-a', '-c', '-p', '1', String(server.child.pid)]);
    const file = join(place.dir, `${name}.json`);
    writeFileSync(file, JSON.stringify({ rules }));
    const words = [place.make(`${name}-source`), place.make(name), '--socket', socket];
    if (rules.length > 0) words.push('--faults', file);
    return { server, dir: (await place.start(words, ['taskset', '-c', '0'])).mountpoint };
  };
  try {
    const removed = await mirror('removed');
    await removed.server.control({ do: 'put', rule: NEVER });
    await removed.server.control({ do: 'clear' });
    const dirs = {
      [REFERENCE]: (await mirror('none')).dir,
      'rules that were removed again': removed.dir,
      'a rule for another operation': (await mirror('other', [OTHER])).dir,
      'a rule on all of them that never fits': (await mirror('never', [NEVER])).dir,
    };
    const rates = await rounds<keyof Rates>(dirs, ROUNDS, SECONDS);
    for (const [work, title] of Object.entries(WORK)) tell(report, title, work as keyof Rates, rates);
  } finally {
    await place.clean();
    for (const server of servers) await server.kill();
  }
}

function tell(report: Report, title: string, work: keyof Rates, rates: Record<string, Rates[]>): void {
  report.section(`${title} on a mirror, one client, calls a second (median of ${ROUNDS} rounds)`);
  const reference = rates[REFERENCE]?.map((rate) => rate[work]) ?? [];
  for (const [name, all] of Object.entries(rates)) {
    const figures = all.map((rate) => rate[work]);
    const ratio = median(figures.map((figure, round) => figure / (reference[round] ?? Number.NaN)));
    report.line(name, Math.round(median(figures)).toLocaleString('en'), {
      ratio: name === REFERENCE ? undefined : `${ratio.toFixed(2)} of a mirror without rules`,
      goal: /never fits/.test(name) ? undefined : '1.00',
    });
  }
}
