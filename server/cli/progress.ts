// A bar on a terminal while something is sent: how much, how fast, and how long it will still take. Nothing where
// standard error is no terminal.
import { formatBytes, formatDuration } from '../../shared/units.ts';
import { visible } from './table.ts';

const WIDTH = 24;
const EVERY_MS = 200;

export class Progress {
  readonly #name: string;
  readonly #total: number | null;
  readonly #startedMs = performance.now();
  readonly #shown = process.stderr.isTTY === true;
  #bytes = 0;
  /** How far it is, 0 to 1, where that is told instead of the total. */
  share: number | null = null;
  #drawnMs = 0;

  /** @param total bytes there will be; null where that is not known. */
  constructor(name: string, total: number | null) {
    this.#name = visible(name);
    this.#total = total;
  }

  /** Whether anybody sees it. */
  get isShown(): boolean {
    return this.#shown;
  }

  /** The same chunks, counted as they are taken. */
  async *count(chunks: AsyncIterable<Buffer | string>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      this.#bytes += bytes.length;
      this.#draw();
      yield bytes;
    }
  }

  /** Takes the bar away. */
  end(): void {
    if (this.#shown && this.#drawnMs > 0) process.stderr.write('\r\u001b[K');
  }

  #draw(): void {
    const nowMs = performance.now();
    if (!this.#shown || nowMs - this.#drawnMs < EVERY_MS) return;
    this.#drawnMs = nowMs;
    const total = this.share ? this.#bytes / this.share : this.#total;
    process.stderr.write(`\r\u001b[K${barText(this.#name, this.#bytes, total, nowMs - this.#startedMs)}`);
  }
}

/** One line: name, bar and share where the total is known, amount, speed, time left. */
function barText(name: string, bytes: number, total: number | null, elapsedMs: number): string {
  const perS = bytes / Math.max(0.001, elapsedMs / 1_000);
  const amount = `${formatBytes(bytes).text}, ${formatBytes(perS).text}/s`;
  if (total === null || total === 0) return `${name}  ${amount}`;
  const share = Math.min(1, bytes / total);
  const filled = Math.round(share * WIDTH);
  const left = perS > 0 ? formatDuration(((total - bytes) / perS) * 1e9).text : '–';
  return `${name}  ${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)} ${Math.floor(share * 100)} %  ${amount}, ${left} left`;
}
