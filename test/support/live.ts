// A client of the live feed that waits for frames.
import { WebSocket } from 'ws';
import type { LiveFrame } from '../../shared/live.ts';

export interface LiveClient extends Disposable {
  readonly frames: LiveFrame[];
  readonly socket: WebSocket;
  send(frame: object): void;
  /** Resolves with the first frame, seen already or still to come, for which `pick` gives something. */
  wait<T>(
    what: string,
    pick: (frame: LiveFrame) => T | undefined | false | null,
    timeoutMs?: number,
  ): Promise<T>;
}

/** Connects to /api/live of the server at `url`. */
export async function connectLive(
  url: string,
  query: Record<string, string> = {},
  headers: Record<string, string> = {},
): Promise<LiveClient> {
  const target = new URL('/api/live', url);
  target.protocol = 'ws:';
  for (const [name, value] of Object.entries(query)) target.searchParams.set(name, value);
  const socket = new WebSocket(target, { headers });
  const frames: LiveFrame[] = [];
  const listeners = new Set<(frame: LiveFrame) => void>();
  socket.on('message', (data) => {
    const frame = JSON.parse(String(data)) as LiveFrame;
    frames.push(frame);
    for (const listener of listeners) listener(frame);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  return {
    frames,
    socket,
    send: (frame) => socket.send(JSON.stringify(frame)),
    wait(what, pick, timeoutMs = 10_000) {
      return new Promise((resolve, reject) => {
        for (const frame of frames) {
          const found = pick(frame);
          if (found) return resolve(found);
        }
        const timer = setTimeout(() => {
          listeners.delete(listener);
          const last = JSON.stringify(frames.at(-1))?.slice(0, 500);
          reject(
            new Error(
              `no frame with ${what} within ${timeoutMs} ms; ${frames.length} frames, the last: ${last}`,
            ),
          );
        }, timeoutMs);
        const listener = (frame: LiveFrame) => {
          const found = pick(frame);
          if (!found) return;
          clearTimeout(timer);
          listeners.delete(listener);
          resolve(found);
        };
        listeners.add(listener);
      });
    },
    [Symbol.dispose]: () => socket.terminate(),
  };
}
