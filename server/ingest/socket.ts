// The ingest socket: a Unix socket that only its owner may open. A file that a dead server left is replaced; a
// living server's is not.
import { chmodSync, lstatSync, rmSync } from 'node:fs';
import net from 'node:net';
import { dirname } from 'node:path';
import type { Logger } from 'pino';
import { CodedError } from '../errors.ts';
import { makeFolder, removeFolders } from '../folder.ts';
import type { Intake } from './intake.ts';
import { IngestSession } from './session.ts';

/** Rejected lines that one connection is told of; after that they are only counted. */
const MAX_TOLD = 100;

export interface IngestSocket {
  readonly path: string;
  close(): Promise<void>;
}

/**
 * Listens at `path`.
 * @throws CodedError FUSESCOPE_CONFLICT where another server listens there, or no socket can be made there.
 */
export async function listenIngest(path: string, intake: Intake, log: Logger): Promise<IngestSocket> {
  let made: string[];
  try {
    made = makeFolder(dirname(path));
  } catch (error) {
    throw unusable(path, error as Error);
  }
  await clearStale(path);
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    serve(socket, intake, log);
  });
  // The mode must hold from the first moment on, not from a chmod after it.
  const before = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(unusable(path, error)));
      server.listen(path, () => resolve());
    });
  } finally {
    process.umask(before);
  }
  // One that cannot be accepted (no file descriptors) must not end the server.
  server.on('error', (error) => log.warn({ error: error.message }, 'an ingest connection was not accepted'));
  chmodSync(path, 0o600);
  return {
    path,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          removeFolders(made);
          resolve();
        });
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function serve(socket: net.Socket, intake: Intake, log: Logger): void {
  let told = 0;
  const session = new IngestSession(intake, {
    send: (bytes) => {
      if (socket.writable) socket.write(bytes);
    },
    close: (why) => {
      log.warn({ why }, 'ingest connection closed');
      socket.end(`${JSON.stringify({ error: why })}\n`);
    },
    rejected: (line, error) => {
      if (told++ < MAX_TOLD && socket.writable) socket.write(`${JSON.stringify({ line, error })}\n`);
    },
  });
  socket.on('data', (chunk: Buffer) => {
    session.push(chunk);
    if (!intake.congested) return;
    socket.pause();
    void intake.relieved().then(() => socket.resume());
  });
  socket.on('error', (error) => log.debug({ error: error.message }, 'ingest connection broke'));
  socket.on('close', () => session.end());
}

async function clearStale(path: string): Promise<void> {
  const answer = await new Promise<string>((resolve) => {
    const probe = net.connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve('live');
    });
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
  // EAGAIN: so many wait for it already that it must be there.
  if (answer === 'live' || answer === 'EAGAIN') {
    throw new CodedError(
      'FUSESCOPE_CONFLICT',
      `another FuseScope server listens on ${path}. Stop it, or give this one its own --socket`,
    );
  }
  if (answer !== 'ECONNREFUSED') return;
  // The kernel refuses a connection to any file that is there; only a socket can be a dead server's.
  if (!lstatSync(path).isSocket()) throw unusable(path, new Error('another file is there'));
  rmSync(path, { force: true });
}

function unusable(path: string, { message }: Error): CodedError {
  return new CodedError(
    'FUSESCOPE_CONFLICT',
    `no socket can be made at ${path}: ${message}. Choose another place with --socket`,
  );
}
