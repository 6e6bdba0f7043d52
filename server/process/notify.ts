// What the service manager is told (sd_notify(3)): that the server is ready, that it is alive, that it ends. Node has no
// datagram sockets of the file system; systemd-notify, which is where systemd is, sends them.
import type { Logger } from 'pino';
import { endOf, killLate, type Launch } from '../launch/launch.ts';

/** Of the watchdog's time: a message may be late once without harm. */
const SHARE = 1 / 3;
const SEND_MS = 5_000;

export class ServiceManager {
  readonly #socket: string | null;
  readonly #watchdogMs: number | null;
  readonly #log: Logger;
  #timer: NodeJS.Timeout | null = null;
  #silent = false;
  #launch: Launch | null = null;

  /** Takes its variables out of `env`: they are not for our children. */
  constructor(log: Logger, env: NodeJS.ProcessEnv = process.env) {
    const { NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID } = env;
    for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete env[name];
    const usec = Number(WATCHDOG_USEC);
    // Our parent, where an old Node stands between.
    const ours = WATCHDOG_PID === undefined || [process.pid, process.ppid].includes(Number(WATCHDOG_PID));
    this.#socket = NOTIFY_SOCKET || null;
    this.#watchdogMs = ours && usec > 0 ? usec / 1_000 : null;
    this.#log = log;
  }

  /** The server answers. From now on the watchdog is fed by this event loop: where it is blocked, nothing comes. */
  ready(url: string, launch: Launch): void {
    this.#launch = launch;
    this.#send('READY=1', `STATUS=at ${url}`);
    if (this.#watchdogMs === null) return;
    this.#timer = setInterval(() => this.#send('WATCHDOG=1'), this.#watchdogMs * SHARE);
    this.#timer.unref();
  }

  stopping(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#send('STOPPING=1');
  }

  #send(...words: string[]): void {
    if (this.#socket === null || !this.#launch) return;
    const env = { ...process.env, NOTIFY_SOCKET: this.#socket };
    const child = this.#launch('systemd-notify', words, { env, stdio: ['ignore', 'ignore', 'pipe'] });
    killLate(child, SEND_MS);
    void endOf(child).then(({ status, by, stderr, error }) => {
      if (status === 0 || this.#silent) return;
      this.#silent = true;
      const why = error?.message ?? (stderr.trim() || `it ended with ${status ?? by}`);
      this.#log.warn({ error: why }, 'the service manager cannot be told (systemd-notify)');
    });
  }
}
