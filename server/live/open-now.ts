// What is open now: how much and how old on each mount, which operations are shown by name, and which of them a mirror
// and the kernel both tell of.
import type { Span } from '../../shared/span.ts';
import type { OpenSpan, Pairing } from '../ingest/pairing.ts';
import type { MountRegistry } from '../mounts/registry.ts';

/** Open spans older than this are shown by name; younger ones come and go too fast to read. */
const LONG_OPEN_MS = 100;
const LONG_OPEN_SHOWN = 500;

export class OpenNow {
  readonly #pairing: Pairing;
  readonly #mounts: MountRegistry;
  #long: Span[] = [];
  /** Age in ms of the oldest, and how many, by mount; as of the last survey. */
  #oldest = new Map<number, number>();
  #counts = new Map<number, number>();
  /** What mirrors have open, by the kernel's number of the mount and the thread that waits. */
  readonly #inMirrors = new Set<string>();

  constructor(pairing: Pairing, mounts: MountRegistry) {
    this.#pairing = pairing;
    this.#mounts = mounts;
  }

  /** Looks at every open span; `long`, `oldestMs` and `of` tell what this saw. */
  survey(monoNs: number): void {
    this.#surveyMirrors();
    const oldest = new Map<number, number>();
    const counts = new Map<number, number>();
    const long: OpenSpan[] = [];
    for (const open of this.#pairing.openSpans()) {
      const mountId = open.mount.id;
      const ageMs = (monoNs - open.enterMonoNs) / 1e6;
      counts.set(mountId, (counts.get(mountId) ?? 0) + 1);
      if (ageMs > (oldest.get(mountId) ?? -1)) oldest.set(mountId, ageMs);
      if (ageMs >= LONG_OPEN_MS) long.push(open);
    }
    this.#oldest = oldest;
    this.#counts = counts;
    const shown = long
      .sort((a, b) => a.enterMonoNs - b.enterMonoNs)
      .slice(0, LONG_OPEN_SHOWN)
      .map((open) => open.span);
    const same = shown.length === this.#long.length && shown.every((span, i) => span === this.#long[i]);
    if (!same) this.#long = shown;
  }

  /** Open operations, each once. */
  get count(): number {
    if (this.#mounts.twins.size === 0) return this.#pairing.openCount;
    return [...this.once()].length;
  }

  /** Those older than LONG_OPEN_MS, oldest first; the same array until they change. */
  get long(): readonly Span[] {
    return this.#long;
  }

  /** Age of the oldest in ms; null where nothing is open. */
  get oldestMs(): number | null {
    return this.#oldest.size === 0 ? null : Math.max(...this.#oldest.values());
  }

  /** Of one mount. */
  of(mountId: number): { inflight: number; oldestOpenMs: number | null } {
    return {
      inflight: this.#counts.get(mountId) ?? 0,
      oldestOpenMs: this.#oldest.get(mountId) ?? null,
    };
  }

  /** Every open span with its age in ms, oldest first. */
  aged(monoNs: number): { span: Span; ageMs: number }[] {
    return [...this.#pairing.openSpans()]
      .map((open) => ({ span: open.span, ageMs: (monoNs - open.enterMonoNs) / 1e6 }))
      .sort((a, b) => b.ageMs - a.ageMs);
  }

  *once(): Generator<OpenSpan> {
    for (const open of this.#pairing.openSpans()) if (!this.isDouble(open.span)) yield open;
  }

  /**
   * True for an operation of a mirror as the kernel tells of it, where the mirror tells of it too: lists show it once.
   * One that is open is only left out while the mirror knows of it, for it may be the mirror that hangs.
   */
  isDouble(span: Span): boolean {
    const { twins } = this.#mounts;
    if (twins.size === 0 || span.source !== 'kernel') return false;
    const untilUs = twins.get(span.mountId);
    if (untilUs === undefined || (untilUs !== null && span.startUs >= untilUs)) return false;
    return span.state !== 'open' || this.#inMirrors.has(`${span.mountId} ${span.tid}`);
  }

  #surveyMirrors(): void {
    this.#inMirrors.clear();
    for (const id of this.#mounts.twins.keys()) {
      const kernel = this.#mounts.get(id);
      const mirror = kernel && this.#mounts.mirrorOf(kernel);
      if (!mirror) continue;
      for (const { span, mount } of this.#pairing.openSpans())
        if (mount.id === mirror.id) this.#inMirrors.add(`${id} ${span.tid}`);
    }
  }
}
