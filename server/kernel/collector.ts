// The kernel collector's process: started with the server, told what to listen to, started again when it dies. What
// it finds comes over the ingest socket like that of any other collector.
import type { Logger } from 'pino';
import type { KernelState } from '../../shared/api.ts';
import type { OpenAnswer, OpenRequest } from '../../shared/open-request.ts';
import type { Clock } from '../clock.ts';
import { eachLine, type Launch, type Launched } from '../launch/launch.ts';
import type { AttachPolicy } from './policy.ts';
import { Questions } from './questions.ts';

export interface KernelCollectorOptions {
  /** Entry file that node runs. */
  program: string;
  socket: string;
  policy: AttachPolicy;
  /** The best way to listen that may be used. */
  tap: KernelState['tier'];
  clock: Clock;
  launch: Launch;
  log: Logger;
  /** Whether a mount is listened to now. */
  isListening: () => boolean;
  /** Nothing was heard from the kernel between these times, µs since the epoch. */
  onGap: (fromUs: number, toUs: number) => void;
}

const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 30_000;
/** One that ran this long was well; the next one is started without delay. */
const WELL_MS = 30_000;
/** A collector that does not end by itself in this time is killed. */
const TERM_TIMEOUT_MS = 3_000;

export class KernelCollector {
  readonly #options: KernelCollectorOptions;
  readonly #questions = new Questions((question) => this.#write(question));
  #child: Launched | null = null;
  #state: KernelState;
  #pauseMs = FIRST_PAUSE_MS;
  #timer: NodeJS.Timeout | null = null;
  #endedUs: number | null = null;
  #closed = false;

  constructor(options: KernelCollectorOptions) {
    this.#options = options;
    this.#state = {
      running: false,
      pid: null,
      tier: 'proc',
      reason: 'not started yet',
      excluded: 0,
      restarts: 0,
    };
  }

  get state(): KernelState {
    return this.#state;
  }

  start(): void {
    const { program, socket, tap, log } = this.#options;
    const args = [program, '--socket', socket, '--die-with-parent', '--tap', tap];
    const startedMs = performance.now();
    const child = this.#options.launch(process.execPath, [...args, '--own-pid', String(process.pid)], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child = child;
    let said = '';
    // A pipe to a process that has just ended must not end us.
    child.stdin?.on('error', () => {});
    eachLine(child.stderr, (line) => {
      said = line;
      log.warn({ pid: child.pid }, line);
    });
    eachLine(child.stdout, (line) => this.#take(child, line));
    child.once('error', (error) => {
      said = error.message;
    });
    child.once('close', (code, signal) => {
      this.#child = null;
      this.#questions.end('the kernel collector has ended');
      if (this.#closed) return;
      this.#ended(said === '' ? `ended with ${signal ?? code}` : said, performance.now() - startedMs);
    });
    this.tell();
  }

  /** Hands over the policy as it is now. */
  tell(): void {
    this.#write({ policy: this.#options.policy.current });
  }

  /**
   * The requests of a connection that are open now, those that began first in front; at most some thousands.
   * @throws Error with the reason where nobody listens to it, or there is no answer within seconds.
   */
  inflight(connection: number): Promise<OpenRequest[]> {
    if (!this.#state.running) return Promise.reject(new Error('the kernel collector does not run'));
    return this.#questions.ask(connection);
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
    const child = this.#child;
    if (!child) return;
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), TERM_TIMEOUT_MS);
    await ended;
    clearTimeout(kill);
  }

  #write(line: object): void {
    this.#child?.stdin?.write(`${JSON.stringify(line)}\n`);
  }

  #take(child: Launched, line: string): void {
    let told: Pick<KernelState, 'tier' | 'reason' | 'excluded'> | OpenAnswer;
    try {
      told = JSON.parse(line);
    } catch {
      this.#options.log.warn({ pid: child.pid, line }, 'the kernel collector said something strange');
      return;
    }
    if ('ask' in told) {
      this.#questions.take(told);
      return;
    }
    if (told.tier !== this.#state.tier || !this.#state.running)
      this.#options.log.info({ tier: told.tier, reason: told.reason }, 'kernel tap');
    this.#state = { ...this.#state, ...told, running: true, pid: child.pid ?? null };
    if (this.#endedUs !== null) this.#options.onGap(this.#endedUs, this.#options.clock.wallUs());
    this.#endedUs = null;
  }

  #ended(why: string, ranMs: number): void {
    const { log, clock, isListening } = this.#options;
    if (ranMs >= WELL_MS) this.#pauseMs = FIRST_PAUSE_MS;
    log.error({ why, againInMs: this.#pauseMs }, 'the kernel collector has ended');
    this.#state = {
      ...this.#state,
      running: false,
      pid: null,
      tier: 'proc',
      reason: `the kernel collector has ended (${why}) and is started again`,
      restarts: this.#state.restarts + 1,
    };
    if (isListening()) this.#endedUs ??= clock.wallUs();
    this.#timer = setTimeout(() => this.start(), this.#pauseMs);
    this.#pauseMs = Math.min(MAX_PAUSE_MS, this.#pauseMs * 2);
  }
}
