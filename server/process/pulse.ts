// The server's heartbeat: looks at what is open, sends live frames, hands over to the store, closes seconds. If
// the process was held up, what lies in the sockets is read before anything is called stalled.
import type { Logger } from 'pino';
import { listed, type Stall } from '../../shared/stall.ts';
import type { Clock } from '../clock.ts';
import type { Intake } from '../ingest/intake.ts';
import type { LiveHub } from '../live/hub.ts';
import type { Trace } from '../trace.ts';

const FRAME_MS = 50;
const FLUSH_MS = 100;
/** A beat this late found the process held up. */
const LATE_MS = 250;

export interface PulseParts {
  trace: Trace;
  hub: LiveHub;
  intake: Intake;
  clock: Clock;
  startedNs: number;
  log: Logger;
}

export class Pulse {
  readonly #parts: PulseParts;
  readonly #timers: NodeJS.Timeout[] = [];
  #lastBeatNs = 0;
  #lastSecond = 0;

  constructor(parts: PulseParts) {
    this.#parts = parts;
    const { trace, hub } = parts;
    trace.on('ended', (span) => hub.offer(span));
    trace.on('raised', (stall) => this.#tell(stall, 'stalled'));
    trace.on('diagnosed', (stall) => hub.broadcast({ type: 'stall', stall: listed(stall) }));
    trace.on('closed', (stall) => this.#tell(stall, 'stall ended'));
    trace.on('tick', (second, gaps) => {
      if (hub.size === 0) return;
      hub.broadcast({ type: 'tick', gauges: trace.gauges(), mounts: trace.mountViews(), second, gaps });
    });
  }

  start(): void {
    this.#lastBeatNs = this.#parts.clock.monoNs();
    this.#timers.push(
      setInterval(() => this.#beat(), FRAME_MS),
      setInterval(() => this.#flush(), FLUSH_MS),
    );
  }

  /** Stops the timers and hands over what is left. */
  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#parts.trace.second();
    this.#parts.trace.flush();
  }

  #flush(): void {
    this.#parts.trace.flush();
    this.#parts.intake.relieve();
  }

  #beat(): void {
    const { trace, hub, intake, clock, startedNs } = this.#parts;
    const nowNs = clock.monoNs();
    const late = (nowNs - this.#lastBeatNs) / 1e6 > LATE_MS;
    this.#lastBeatNs = nowNs;
    if (!late) trace.check();
    const nowUs = clock.wallUs();
    hub.flush(nowUs, trace.longOpen());
    const second = Math.floor(nowUs / 1e6);
    if (second === this.#lastSecond) return;
    this.#lastSecond = second;
    intake.expire(startedNs);
    trace.second();
  }

  #tell(stall: Stall, what: string): void {
    const { op, path, mount, pid, comm, durationNs } = stall.span;
    this.#parts.log.warn(
      { stall: stall.id, op, path, mount, pid, comm, ageMs: Math.round(stall.ageMs), durationNs },
      what,
    );
    this.#parts.hub.broadcast({ type: 'stall', stall: listed(stall) });
  }
}
