// The WebSocket of the page: connects, reconnects with growing pauses, decodes. Knows nothing of what frames mean.
import type { LiveFrame, SubscribeFrame } from '../../shared/live.ts';

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 10_000;
/** The server ticks each second; silence this long means that the connection is dead though not closed. */
const SILENCE_MS = 6_000;

export type LinkState =
  | { kind: 'connecting' }
  | { kind: 'up' }
  | { kind: 'down'; sinceMs: number; retryAtMs: number; reason: string };

export interface SocketOptions {
  url: string;
  onFrame: (frame: LiveFrame) => void;
  onLink: (link: LinkState) => void;
  /** Sent on each connection before anything else. */
  hello: () => SubscribeFrame;
}

export class LiveSocket {
  private socket: WebSocket | null = null;
  private retryMs = FIRST_RETRY_MS;
  private downSinceMs = 0;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private silenceTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly options: SocketOptions;

  constructor(options: SocketOptions) {
    this.options = options;
  }

  connect(): void {
    clearTimeout(this.retryTimer);
    if (this.socket) return;
    if (this.downSinceMs === 0) this.options.onLink({ kind: 'connecting' });
    const socket = new WebSocket(this.options.url);
    this.socket = socket;
    socket.onopen = () => {
      socket.send(JSON.stringify(this.options.hello()));
      this.listen(socket);
    };
    socket.onmessage = (event: MessageEvent<string>) => {
      this.listen(socket);
      if (this.downSinceMs !== 0 || this.retryMs !== FIRST_RETRY_MS) {
        this.downSinceMs = 0;
        this.retryMs = FIRST_RETRY_MS;
      }
      this.options.onFrame(JSON.parse(event.data) as LiveFrame);
    };
    socket.onclose = (event) => this.down(socket, event.reason);
    this.listen(socket);
  }

  send(frame: SubscribeFrame): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
  }

  /** Tries again now instead of at the end of the pause. */
  retryNow(): void {
    this.connect();
  }

  private listen(socket: WebSocket): void {
    clearTimeout(this.silenceTimer);
    this.silenceTimer = setTimeout(() => {
      this.down(socket, 'the server has been silent for 6 s');
      socket.close();
    }, SILENCE_MS);
  }

  private down(socket: WebSocket, reason: string): void {
    if (this.socket !== socket) return;
    clearTimeout(this.silenceTimer);
    this.socket = null;
    const now = Date.now();
    if (this.downSinceMs === 0) this.downSinceMs = now;
    const retryAtMs = now + this.retryMs;
    this.retryTimer = setTimeout(() => this.connect(), this.retryMs);
    this.retryMs = Math.min(LAST_RETRY_MS, this.retryMs * 2);
    this.options.onLink({
      kind: 'down',
      sinceMs: this.downSinceMs,
      retryAtMs,
      reason: reason || 'the connection ended',
    });
  }
}
