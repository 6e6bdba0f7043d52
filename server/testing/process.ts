// A server process for tests: free port, database in memory, socket in a folder that goes with it.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { program } from '../setup/paths.ts';

export interface ServerProcess {
  /** http://HOST:PORT */
  url: string;
  pid: number;
  /** Its ingest socket, for mirrors started by hand. */
  socket: string;
  stop(): Promise<void>;
}

/** A server that does not end by itself in this time is killed, ms. */
const STOP_MS = 15_000;

/** @param args further ones of `fusescope serve`. @throws with its own words where it does not start in time. */
export async function startProcess(args: readonly string[], timeoutMs: number): Promise<ServerProcess> {
  const dir = mkdtempSync(join(tmpdir(), 'fusescope-run-'));
  const socket = join(dir, 'ingest.sock');
  const words = ['serve', '--port', '0', '--db', ':memory:', '--socket', socket, ...args];
  const child = spawn(process.execPath, [program('server/cli/main'), ...words], {
    cwd: '/',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, FUSESCOPE_DIE_WITH_PARENT: '1' },
  });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said = (said + chunk).slice(-4_000);
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await ended;
    clearTimeout(kill);
    rmSync(dir, { recursive: true, force: true });
  };
  const started = new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const url = / is at (http:\S+)$/.exec(line)?.[1];
      if (url !== undefined) resolve(new URL(url).origin);
    });
    child.once('error', reject);
    void ended.then(() => reject(new Error(`the server ended at once: ${said.trim()}`)));
    setTimeout(
      () => reject(new Error(`no server within ${timeoutMs} ms: ${said.trim()}`)),
      timeoutMs,
    ).unref();
  });
  try {
    return { url: await started, pid: child.pid ?? 0, socket, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
