// The one owner of animation frames. Views ask for a drawing or for a beat; everything due is done in the
// same frame, and while nothing is due no frame is asked for.

interface Beat {
  run: () => void;
  everyMs: number;
  dueAt: number;
}

class FrameScheduler {
  private readonly once = new Set<() => void>();
  private readonly beats = new Set<Beat>();
  private frame = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** Runs `draw` in the next frame, once however often it was asked for before that. */
  request(draw: () => void): void {
    this.once.add(draw);
    this.wake();
  }

  /** Forgets a drawing that was asked for and has not run. */
  cancel(draw: () => void): void {
    this.once.delete(draw);
  }

  /** Runs `run` in a frame every `everyMs` until the returned function is called. Hidden tabs get none. */
  beat(everyMs: number, run: () => void): () => void {
    const beat: Beat = { run, everyMs, dueAt: performance.now() + everyMs };
    this.beats.add(beat);
    this.wake();
    return () => this.beats.delete(beat);
  }

  private wake(): void {
    if (this.frame !== 0) return;
    if (this.once.size > 0) {
      this.ask();
      return;
    }
    let due = Number.POSITIVE_INFINITY;
    for (const beat of this.beats) due = Math.min(due, beat.dueAt);
    if (due === Number.POSITIVE_INFINITY) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), Math.max(0, due - performance.now()));
  }

  private ask(): void {
    clearTimeout(this.timer);
    if (this.frame === 0) this.frame = requestAnimationFrame(() => this.run());
  }

  private run(): void {
    this.frame = 0;
    const now = performance.now();
    const drawings = [...this.once];
    this.once.clear();
    for (const draw of drawings) draw();
    for (const beat of [...this.beats]) {
      if (beat.dueAt > now + 4) continue;
      beat.dueAt = now + beat.everyMs;
      beat.run();
    }
    this.wake();
  }
}

export const frames = new FrameScheduler();
