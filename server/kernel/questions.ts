// Questions to the kernel collector that wait for their answers. Pure but for its timers: lines go out by a function.
import type { OpenAnswer, OpenQuestion, OpenRequest } from '../../shared/open-request.ts';

/** The loader looks every 20 ms; a machine that is this slow tells nothing in time to be of use. */
const TIMEOUT_MS = 3_000;

interface Waiting extends PromiseWithResolvers<OpenRequest[]> {
  timer: NodeJS.Timeout;
}

export class Questions {
  readonly #send: (question: OpenQuestion) => void;
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;

  constructor(send: (question: OpenQuestion) => void) {
    this.#send = send;
  }

  /** @throws Error with the reason where there is no answer in time. */
  ask(connection: number): Promise<OpenRequest[]> {
    const ask = ++this.#asked;
    const promise = Promise.withResolvers<OpenRequest[]>();
    const timer = setTimeout(
      () => this.#fail(ask, `the kernel collector did not answer within ${TIMEOUT_MS / 1_000} s`),
      TIMEOUT_MS,
    );
    this.#waiting.set(ask, { ...promise, timer });
    this.#send({ ask, connection });
    return promise.promise;
  }

  take(answer: OpenAnswer): void {
    if ('reason' in answer) this.#fail(answer.ask, answer.reason);
    else this.#remove(answer.ask)?.resolve(answer.open);
  }

  /** Nobody answers any more. */
  end(reason: string): void {
    for (const ask of [...this.#waiting.keys()]) this.#fail(ask, reason);
  }

  #fail(ask: number, reason: string): void {
    this.#remove(ask)?.reject(new Error(reason));
  }

  #remove(ask: number): Waiting | undefined {
    const waiting = this.#waiting.get(ask);
    if (waiting) clearTimeout(waiting.timer);
    this.#waiting.delete(ask);
    return waiting;
  }
}
