// Tokens of previews: what was shown is what is done, once, and soon. Pure but for chance: time is passed in.
import { randomBytes } from 'node:crypto';

/** Long enough to read a preview, short enough that it still holds. */
export const TOKEN_MS = 120_000;
const MAX_TOKENS = 1_000;

interface Kept<T> {
  value: T;
  untilMs: number;
}

export class Tokens<T> {
  readonly #kept = new Map<string, Kept<T>>();

  /** @param nowMs of a clock that only goes forward */
  issue(value: T, nowMs: number): string {
    for (const [token, { untilMs }] of this.#kept) {
      if (untilMs > nowMs && this.#kept.size < MAX_TOKENS) break;
      this.#kept.delete(token);
    }
    const token = randomBytes(18).toString('base64url');
    this.#kept.set(token, { value, untilMs: nowMs + TOKEN_MS });
    return token;
  }

  /** What the token was issued for, where it still holds; it does no longer then. */
  redeem(token: string, nowMs: number): T | null {
    const kept = this.#kept.get(token);
    this.#kept.delete(token);
    return kept && kept.untilMs > nowMs ? kept.value : null;
  }
}
