// The audit: every way out that is taken is written down before it is tried, and again with what came of it.
import type { Logger } from 'pino';
import type { Audit } from '../../shared/ways.ts';
import type { Clock } from '../clock.ts';
import type { Store } from '../store/types.ts';

/** Who asked for it. */
export type Asker = Pick<Audit, 'uid' | 'via' | 'address'>;

/** Deeds that may have ended what ended so soon after them, in µs. */
const RECENT_US = 10e6;

export class AuditLog {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #log: Logger;
  #nextId: number;
  #recent: Audit[] = [];

  constructor(store: Store, clock: Clock, log: Logger) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#nextId = store.nextAuditId;
  }

  begin(what: Pick<Audit, 'action' | 'mountId' | 'mount' | 'connection' | 'target'>, asker: Asker): Audit {
    const audit: Audit = {
      id: this.#nextId++,
      atUs: this.#clock.wallUs(),
      ...what,
      ...asker,
      outcome: 'begun',
      text: 'begun; what came of it is not known',
    };
    this.#store.putAudit(audit);
    this.#store.flush();
    this.#recent = [...this.#recent.filter((one) => one.atUs > audit.atUs - RECENT_US), audit];
    return audit;
  }

  end(audit: Audit, outcome: Audit['outcome'], text: string): Audit {
    Object.assign(audit, { outcome, text });
    this.#store.putAudit(audit);
    this.#log.warn({ audit }, 'way out');
    return audit;
  }

  /** What was done in the last seconds, the last first: perhaps the reason why something ended. */
  recent(): Audit[] {
    const since = this.#clock.wallUs() - RECENT_US;
    return this.#recent.filter((one) => one.atUs > since).reverse();
  }
}
