// A mount whose daemon and one client share a core, and what they cost: the other core is left to those that watch.
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mountAt } from '../../fuse/mountinfo.ts';
import { run, type Workplace } from '../support/mirror.ts';
import { until } from '../support/until.ts';

const BUSY_CORE = ['taskset', '-c', '0'] as const;
export const FREE_CORE = '1';

/** As tap-workload.c knows them. */
export type Work = 'stat' | 'open';

/** Cost of a call: time passed, and processor time of client and daemon, which other processes disturb less. */
export interface Cost {
  passedNs: number;
  usedNs: number;
}

export interface Mounted {
  mountpoint: string;
  connection: number;
  child: ChildProcess;
}

/** A daemon pinned to the busy core, that shows a directory with a file `a`. */
export async function mounted(
  place: Workplace,
  name: string,
  program: string,
  options: readonly string[],
  over = false,
): Promise<Mounted> {
  const mountpoint = place.make(name);
  const source = over ? mountpoint : place.make(`${name}-source`);
  writeFileSync(join(source, 'a'), 'x'.repeat(4096));
  const words = [...BUSY_CORE, program, ...options, ...(over ? [] : [source]), mountpoint];
  const child = spawn(words[0] as string, words.slice(1), { stdio: 'ignore', cwd: '/' });
  const { device } = await until(`${program} to mount`, () => mountAt(mountpoint));
  return { mountpoint, connection: device, child };
}

/** Processor time of all threads of a process so far, ns. */
export function usedNs(pid: number | undefined): number {
  const tasks = `/proc/${pid}/task`;
  const of = (tid: string) => Number(readFileSync(`${tasks}/${tid}/schedstat`, 'utf8').split(' ')[0]);
  return readdirSync(tasks).reduce((sum, tid) => sum + of(tid), 0);
}

/** Lets the client make so many calls. @param perSecond at most so many; left out: as many as it can. */
export async function turn(
  on: Mounted,
  client: string,
  work: Work,
  calls: number,
  perSecond = 0,
): Promise<Cost> {
  const before = usedNs(on.child.pid);
  const [program = '', ...words] = [
    ...BUSY_CORE,
    client,
    on.mountpoint,
    String(calls),
    work,
    String(perSecond),
  ];
  const { stdout, stderr } = await run(program, words);
  const [passed, used] = stdout.split(' ').map(Number);
  if (!passed || !used) throw new Error(`the client failed: ${stderr}`);
  return { passedNs: passed / calls, usedNs: (used + usedNs(on.child.pid) - before) / calls };
}
