// The server's wall clock as the tab knows it. Ages must not depend on the browser's own clock being right.

const SAMPLES = 32;

/** Estimates the server's time from the times in its frames: the frame that was under way shortest tells best. */
export class ServerClock {
  private readonly offsets: number[] = [];
  private offsetUs = 0;
  private readonly localUs: () => number;
  private stoppedUs: number | null = null;

  /** @param localUs a clock of the tab that only goes forward, in µs */
  constructor(localUs: () => number = () => (performance.timeOrigin + performance.now()) * 1_000) {
    this.localUs = localUs;
  }

  /** A frame that was sent at `serverUs` has just arrived. */
  heard(serverUs: number): void {
    this.offsets.push(serverUs - this.localUs());
    if (this.offsets.length > SAMPLES) this.offsets.shift();
    this.offsetUs = Math.max(...this.offsets);
  }

  /** Lets time stand still at a moment: what is shown is a recording. */
  stop(us: number): void {
    this.stoppedUs = us;
  }

  /** µs since the Unix epoch by the server's clock. */
  nowUs(): number {
    if (this.stoppedUs !== null) return this.stoppedUs;
    return this.localUs() + this.offsetUs;
  }
}

export const clock = new ServerClock();
