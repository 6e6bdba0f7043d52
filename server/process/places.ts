// Where things lie unless told otherwise: database and ingest socket by the XDG base directories, for root by the
// Filesystem Hierarchy Standard.
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

const isRoot = process.getuid?.() === 0;

/** Default database. */
export function defaultDatabase(env: NodeJS.ProcessEnv = process.env): string {
  if (isRoot && env.XDG_STATE_HOME === undefined) return '/var/lib/fusescope/fusescope.db';
  return join(env.XDG_STATE_HOME ?? join(homedir(), '.local/state'), 'fusescope/fusescope.db');
}

/** Default ingest socket, also where mirrors look for the server: FUSESCOPE_SOCKET, else by the directories above. */
export function defaultSocket(env: NodeJS.ProcessEnv = process.env): string {
  if (env.FUSESCOPE_SOCKET) return env.FUSESCOPE_SOCKET;
  if (isRoot && env.XDG_RUNTIME_DIR === undefined) return '/run/fusescope/fusescope.sock';
  return join(
    env.XDG_RUNTIME_DIR ?? join(tmpdir(), `fusescope-${process.getuid?.() ?? 0}`),
    'fusescope.sock',
  );
}
