// What a server asks of the rules on a mirror, and what the mirror tells it: the two ends of shared/wire/faults.ts.
// Input is checked here once; what is refused is answered with the reason.
import { Compile, type Validator } from 'typebox/compile';
import type { FaultRule } from '../../shared/fault.ts';
import { type Control, ControlSchema, type WireFaults } from '../../shared/wire/faults.ts';
import { FRAME, jsonFrame } from '../../shared/wire/frames.ts';
import { messageOf } from '../mirror/failure.ts';
import type { Faults } from './faults.ts';

/** Counters are told at most this often. */
const TELL_MS = 200;

export class FaultControl {
  readonly #faults: Faults;
  readonly #answers: WireFaults['answers'] = [];
  #checker: Validator | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** There is something to tell: `frame` gives it. */
  onNews: () => void = () => undefined;

  constructor(faults: Faults) {
    this.#faults = faults;
    faults.onCounters = () => {
      this.#timer ??= setTimeout(() => {
        this.#timer = null;
        this.onNews();
      }, TELL_MS).unref();
    };
  }

  /** A CONTROL frame's payload. Anything that is none is ignored: there is nobody to tell. */
  take(payload: unknown): void {
    this.#checker ??= Compile(ControlSchema);
    const request = (payload as { request?: unknown } | null)?.request;
    if (!Number.isSafeInteger(request)) return;
    try {
      if (!this.#checker.Check(payload))
        throw new Error('this mirror does not know what the server asks for');
      const touched = this.#act(payload as Control);
      this.#answers.push({ request: request as number, touched, error: null });
    } catch (error) {
      this.#answers.push({ request: request as number, touched: 0, error: messageOf(error) });
    }
    this.onNews();
  }

  /** The FAULTS frame: all rules as they are now, with the answers that nobody was told yet. */
  frame(index: number): Uint8Array {
    const body: WireFaults = { index, rules: this.#faults.states(), answers: this.#answers.splice(0) };
    return jsonFrame(FRAME.FAULTS, body);
  }

  #act(control: Control): number {
    switch (control.do) {
      case 'put':
        this.#faults.put(control.rule as FaultRule);
        return 1;
      case 'switch':
        this.#faults.switch(control.id, control.on);
        return 1;
      case 'remove':
        this.#faults.remove(control.id);
        return 1;
      case 'clear':
        return this.#faults.clear();
      case 'release':
        return this.#faults.release(control.id);
    }
  }
}
