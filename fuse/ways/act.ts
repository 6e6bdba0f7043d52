// The deeds of a way out. Each makes sure first that it meets what the preview showed: the same process by its start
// time, the same mount by number, place, source and daemon (the kernel gives numbers anew at once). Null: done; else what the system said.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import type { MountPlace, ProcessFact, WaySignal } from '../../shared/ways.ts';
import { findHolders } from '../kernel/discovery/daemons.ts';
import { fusectlFile, processFact, stillThere } from './facts.ts';

const UNMOUNT_MS = 4_000;

/** Ends every request of the connection. */
export function abortConnection(
  connection: number,
  places: readonly MountPlace[],
  daemon: ProcessFact | null,
): string | null {
  const same = daemon === null || processFact(daemon.pid)?.startTicks === daemon.startTicks;
  if (!same || stillThere(connection, places).length === 0) return 'something else is mounted there by now';
  try {
    writeFileSync(fusectlFile(connection, 'abort'), '1');
    return null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? 'the connection has ended already' : (error as Error).message;
  }
}

/** @param startTicks of the process that is meant: its number may be another one's by now. @returns null: done; else why not */
export function signalProcess(pid: number, startTicks: number, signal: WaySignal | 'SIGCONT'): string | null {
  if (processFact(pid)?.startTicks !== startTicks) return `process ${pid} has ended by now`;
  try {
    process.kill(pid, signal);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Detaches the mounts from our own namespace, the innermost first. The path goes to the kernel as it is. */
export async function unmountLazily(
  connection: number,
  wanted: readonly MountPlace[],
  answered: boolean,
): Promise<string | null> {
  const places = stillThere(connection, wanted).filter((place) => place.namespace === null);
  if (places.length === 0) return 'it is not mounted any more, or something else is by now';
  if (!answered) {
    const daemon = (await findHolders()).find((holder) => holder.connections.includes(connection));
    if (daemon) return `${daemon.comm} ${daemon.pid} answers what is mounted there by now`;
  }
  const root = process.geteuid?.() === 0;
  for (const { mountpoint } of places.reverse()) {
    const [program, args] = root
      ? ['umount', ['--internal-only', '--no-canonicalize', '--lazy', '--', mountpoint]]
      : ['fusermount', ['-u', '-z', '--', mountpoint]];
    const { status, stderr, error } = spawnSync(program, args, {
      cwd: '/',
      timeout: UNMOUNT_MS,
      killSignal: 'SIGKILL',
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
    });
    if (error) return error.message;
    if (status !== 0) return stderr.trim() || `${program} ended with ${status}`;
  }
  return null;
}
