// A real server process on a free port, with its own database and socket in a temporary folder.
import { type ChildProcess, spawn } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const MAIN = join(import.meta.dirname, '../../server/cli/main.ts');

export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly socket: string;
  readonly db: string;
  readonly dir: string;
  readonly child: ChildProcess;
  /** Everything it has said on stderr so far. */
  log(): string;
  /** GET of a path as JSON; throws on an error answer. */
  get<T>(path: string, query?: Record<string, string | number>): Promise<T>;
  post(path: string, body: string | object): Promise<Response>;
  /** SIGTERM, and waits for its end; the folder stays. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export interface TestServerOptions {
  /** Folder of an earlier server, to start again on its database. */
  dir?: string;
  args?: string[];
  env?: Record<string, string>;
  /** Words before its command, as `setpriv …`; its folder belongs to the user `uid` then. */
  prefix?: { words: readonly string[]; uid: number };
}

/** Starts a server and waits until it has printed its URL. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'fusescope-test-'));
  const socket = join(dir, 'ingest.sock');
  const db = join(dir, 'trace.db');
  const extra = options.args ?? [];
  const args = [MAIN, 'serve', '--port', '0', '--db', db, '--socket', socket, ...extra];
  // Other tests have mounts on this machine too; who wants to listen to some names them.
  if (!extra.includes('--attach')) args.push('--attach', 'none');
  const { words, uid } = options.prefix ?? { words: [], uid: null };
  if (uid !== null) chownSync(dir, uid, uid);
  const [program = '', ...rest] = [...words, process.execPath, ...args];
  const child = spawn(program, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    // A test process that is killed must leave no server behind.
    env: { ...process.env, FUSESCOPE_LOG: 'info', FUSESCOPE_DIE_WITH_PARENT: '1', ...options.env },
  });
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  const address = await new Promise<URL>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = / is at (http:\S+)$/.exec(line)?.[1];
      if (found !== undefined) resolve(new URL(found));
    });
    void ended.then((code) => reject(new Error(`the server ended with ${code}: ${log}`)));
  }).catch((error: unknown) => {
    if (options.dir === undefined) rmSync(dir, { recursive: true, force: true });
    throw error;
  });
  const url = address.origin;
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    return ended;
  };
  return {
    url,
    socket,
    db,
    dir,
    child,
    log: () => log,
    async get<T>(path: string, query: Record<string, string | number> = {}) {
      const target = new URL(path, url);
      for (const [name, value] of Object.entries(query)) target.searchParams.set(name, String(value));
      const response = await fetch(target);
      const text = await response.text();
      if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${text}`);
      return JSON.parse(text) as T;
    },
    post(path, body) {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      const type = typeof body === 'string' ? 'application/x-ndjson' : 'application/json';
      return fetch(new URL(path, url), { method: 'POST', body: text, headers: { 'content-type': type } });
    },
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
