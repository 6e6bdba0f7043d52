// Operations that a rule makes wait: for a time, or until they are released. Whatever ends the waiting (its time, a
// release, the end of the rule or of the mirror), each of them goes on exactly once.

interface Wait {
  ruleId: string;
  /** Without an end of its own. */
  hangs: boolean;
  timer: NodeJS.Timeout | null;
  go: () => void;
}

/** What setTimeout takes, 24 days; a longer wait is several. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export class Waits {
  readonly #waits = new Set<Wait>();

  /** Calls `go` after so many ms, never sooner, or when let go before. */
  delay(ruleId: string, ms: number, go: () => void): void {
    const wait: Wait = { ruleId, hangs: false, timer: null, go };
    const untilMs = performance.now() + ms;
    // Node counts from when its loop last looked at the clock, so a timer can be early by all that was done since.
    const look = () => {
      const leftMs = untilMs - performance.now();
      if (leftMs <= 0) this.#end(wait);
      else wait.timer = setTimeout(look, Math.min(Math.ceil(leftMs), MAX_TIMER_MS));
    };
    this.#waits.add(wait);
    wait.timer = setTimeout(look, Math.min(Math.ceil(ms), MAX_TIMER_MS));
  }

  /** Calls `go` when let go. */
  hang(ruleId: string, go: () => void): void {
    this.#waits.add({ ruleId, hangs: true, timer: null, go });
  }

  /** Operations that hang by this rule now. */
  held(ruleId: string): number {
    let count = 0;
    for (const wait of this.#waits) if (wait.hangs && wait.ruleId === ruleId) count++;
    return count;
  }

  /** Lets what hangs go on: of one rule, or of all (null). @returns the rules' ids, one for each operation. */
  release(ruleId: string | null): string[] {
    return this.#letGo((wait) => wait.hangs && (ruleId === null || wait.ruleId === ruleId));
  }

  /** Lets everything go on that waits, delays too: of one rule, or of all (null). */
  end(ruleId: string | null): void {
    this.#letGo((wait) => ruleId === null || wait.ruleId === ruleId);
  }

  #letGo(which: (wait: Wait) => boolean): string[] {
    const chosen = [...this.#waits].filter(which);
    for (const wait of chosen) this.#end(wait);
    return chosen.map((wait) => wait.ruleId);
  }

  #end(wait: Wait): void {
    if (!this.#waits.delete(wait)) return;
    if (wait.timer) clearTimeout(wait.timer);
    wait.go();
  }
}
