// The launcher: starts the server's processes for it, since it holds no files (launcher.ts says why that matters). It
// knows of nothing else, and ends with the server.
import { type ChildProcess, spawn } from 'node:child_process';
import { connect, Socket } from 'node:net';
import type { FromLauncher, ToLauncher } from './messages.ts';

process.title = 'fusescope launch';
// A terminal signals all of its processes; when we end is the server's affair.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
process.on('disconnect', () => process.exit(0));
process.on('message', (message: ToLauncher) => {
  if (message.do === 'kill') children.get(message.id)?.kill(message.signal);
  else void launch(message);
});

const children = new Map<number, ChildProcess>();

async function launch({ id, program, args, env, stdio, path, token }: ToLauncher & { do: 'launch' }) {
  const pipes: (Socket | 'ignore')[] = [];
  try {
    for (const [index, kind] of stdio.entries())
      pipes.push(kind === 'pipe' ? await pipe(path, `${token} ${index}\n`) : kind);
    const child = spawn(program, args, { cwd: '/', stdio: pipes, env: env ?? process.env });
    children.set(id, child);
    child.once('spawn', () => tell({ id, pid: child.pid ?? 0 }));
    child.once('error', ({ code, message }: NodeJS.ErrnoException) =>
      tell({ id, failed: { code, message } }),
    );
    child.once('exit', (code, signal) => {
      children.delete(id);
      tell({ id, ended: { code, signal } });
    });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    tell({ id, failed: { code, message } });
  }
  // The process has its own.
  for (const one of pipes) if (one instanceof Socket) one.destroy();
}

/** Nothing of it is read here: it is another process's. */
function pipe(path: string, head: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path, allowHalfOpen: true });
    socket.pause();
    socket.once('error', reject);
    socket.write(head, () => {
      socket.off('error', reject);
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}

function tell(message: FromLauncher): void {
  // The server may just have ended.
  if (process.connected) process.send?.(message, () => {});
}
