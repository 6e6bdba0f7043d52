// Careful looking: what is at a path, asked by a child that is left behind where the mount does not answer. The process
// that uses this never touches the mount itself.
import { type ChildProcess, spawn } from 'node:child_process';

export type Looked = 'file' | 'directory' | 'missing' | 'no answer';

/** A mount that takes longer to answer than this is not waited for, in ms. */
const LOOK_MS = 2_000;

/** What is at an absolute path now, as this user may see it. Follows no symbolic link. */
export async function look(path: string, timeoutMs = LOOK_MS): Promise<Looked> {
  const ended = await child('stat', ['-c', '%F', '--', path], timeoutMs);
  if (ended === null) return 'no answer';
  if (ended.status !== 0) return 'missing';
  return ended.stdout.trim() === 'directory' ? 'directory' : 'file';
}

/**
 * Whether an extended attribute is set; null where nobody can tell (no answer, or no getfattr on this machine).
 * @param name with its namespace, such as user.tag.
 */
export async function lookXattr(path: string, name: string, timeoutMs = LOOK_MS): Promise<boolean | null> {
  const args = ['-h', '--absolute-names', '--only-values', '-n', name, '--', path];
  const ended = await child('getfattr', args, timeoutMs);
  if (ended === null || ended.status === null) return null;
  return ended.status === 0;
}

/** Whether a mount answers at all: null after the time-out. */
export async function answers(mountpoint: string, timeoutMs: number): Promise<boolean | null> {
  const ended = await child('stat', ['-f', '-c', '%T', '--', mountpoint], timeoutMs);
  return ended === null ? null : ended.status === 0;
}

interface Ended {
  /** Null where the program is not there. */
  status: number | null;
  stdout: string;
}

function child(program: string, args: string[], timeoutMs: number): Promise<Ended | null> {
  return new Promise((resolve) => {
    const process_ = spawn(program, args, {
      cwd: '/',
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, LC_ALL: 'C' },
    });
    let stdout = '';
    process_.stdout?.on('data', (chunk) => {
      stdout += chunk;
    });
    const timer = setTimeout(() => {
      abandon(process_);
      resolve(null);
    }, timeoutMs);
    process_.once('error', () => {
      clearTimeout(timer);
      resolve({ status: null, stdout });
    });
    process_.once('close', (status) => {
      clearTimeout(timer);
      resolve({ status: status ?? 1, stdout });
    });
  });
}

/** A caller whose request a daemon has taken cannot be killed until it is answered: it dies then, and nobody waits. */
function abandon(process_: ChildProcess): void {
  process_.kill('SIGKILL');
  process_.stdout?.destroy();
  process_.unref();
}
