// Recordings that grow: each second what has come since is copied from the database into their file, so that a crash
// loses at most the last second.
import type { Recording } from '../../shared/recording.ts';
import type { CopyFacts } from './copy.ts';

const STEP_MS = 1_000;

export interface Growing {
  recording: Recording;
  pieces: AsyncGenerator<CopyFacts>;
}

export interface LiveEvents {
  /** Brings the database up to date: everything that is open is in it. */
  flush: () => void;
  /** It can grow no more by itself: the disk is full, say. */
  failed: (recording: Recording, error: Error) => void;
}

export class LiveRecordings {
  private readonly events: LiveEvents;
  private readonly growing = new Map<number, Growing>();
  private timer: NodeJS.Timeout | null = null;
  /** The step that is going on: the next one, and an end, wait for it. */
  private step: Promise<void> = Promise.resolve();
  private waiting = false;

  constructor(events: LiveEvents) {
    this.events = events;
  }

  get recordings(): Recording[] {
    return [...this.growing.values()].map(({ recording }) => recording);
  }

  has(id: number): boolean {
    return this.growing.has(id);
  }

  /** Takes what is open now; from then on it grows. */
  async add(one: Growing): Promise<void> {
    await this.advance(one);
    this.growing.set(one.recording.id, one);
    this.timer ??= setInterval(() => this.tick(), STEP_MS);
    this.timer.unref();
  }

  /** A last step, and no more. False where it does not grow. */
  async end(id: number): Promise<boolean> {
    const one = this.growing.get(id);
    if (!one) return false;
    this.growing.delete(id);
    if (this.growing.size === 0 && this.timer) {
      clearInterval(this.timer);
      this.timer = null;
    }
    await this.step;
    try {
      await this.advance(one);
    } finally {
      await one.pieces.return(undefined);
    }
    return true;
  }

  private tick(): void {
    // A disk that is slow makes steps rarer, never more of them.
    if (this.waiting) return;
    this.waiting = true;
    this.step = this.stepAll().finally(() => {
      this.waiting = false;
    });
  }

  private async stepAll(): Promise<void> {
    for (const one of [...this.growing.values()]) {
      if (!this.growing.has(one.recording.id)) continue;
      try {
        await this.advance(one);
      } catch (error) {
        this.growing.delete(one.recording.id);
        await one.pieces.return(undefined).catch(() => {});
        this.events.failed(one.recording, error as Error);
      }
    }
  }

  private async advance({ recording, pieces }: Growing): Promise<void> {
    this.events.flush();
    const { value } = await pieces.next();
    if (!value) return;
    recording.spans = value.spans;
    recording.sizeBytes = value.sizeBytes;
  }
}
