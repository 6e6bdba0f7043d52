// Every event known to be missing, by cause and mount. A stretch of losses becomes one gap, not one entry each.
import type { Gap } from '../shared/live.ts';

/** Losses of one cause this close to each other are one gap. */
const JOIN_US = 1_000_000;
const GAPS_KEPT = 1_000;

export class Losses {
  readonly #byCause = new Map<string, number>();
  /** Gaps still growing, by mount and cause. */
  readonly #growing = new Map<string, Gap>();
  readonly #recent: Gap[] = [];
  readonly #unsent: Gap[] = [];
  #total = 0;

  get total(): number {
    return this.#total;
  }

  byCause(): Record<string, number> {
    return Object.fromEntries(this.#byCause);
  }

  add(mountId: number | null, cause: string, count: number, fromUs: number, toUs: number): void {
    if (count <= 0) return;
    this.#total += count;
    this.#byCause.set(cause, (this.#byCause.get(cause) ?? 0) + count);
    const key = `${mountId} ${cause}`;
    const gap = this.#growing.get(key);
    if (gap && fromUs - gap.toUs <= JOIN_US && gap.fromUs - toUs <= JOIN_US) {
      gap.count += count;
      gap.fromUs = Math.min(gap.fromUs, fromUs);
      gap.toUs = Math.max(gap.toUs, toUs);
      return;
    }
    if (gap) this.#keep(key, gap);
    this.#growing.set(key, { mountId, cause, count, fromUs, toUs });
  }

  /** Gaps that have stopped growing by `nowUs`; each is handed out once. */
  settled(nowUs: number): Gap[] {
    for (const [key, gap] of this.#growing) {
      if (nowUs - gap.toUs <= JOIN_US) continue;
      this.#keep(key, gap);
    }
    return this.#unsent.splice(0);
  }

  /** Gaps since `fromUs`, the growing ones too. */
  since(fromUs: number): Gap[] {
    return [...this.#recent, ...this.#growing.values()].filter((gap) => gap.toUs >= fromUs);
  }

  #keep(key: string, gap: Gap): void {
    this.#growing.delete(key);
    this.#unsent.push(gap);
    this.#recent.push(gap);
    if (this.#recent.length > GAPS_KEPT) this.#recent.shift();
  }
}
