// Numbers of the mounts that a log's lines name, asked for once each. With --mount there is only that one.
import type { SourceKind } from '../../shared/span.ts';
import { own, type ReaderContext } from './reader.ts';

export class Mounts {
  readonly #context: ReaderContext;
  readonly #numbers = new Map<string, number>();

  constructor(context: ReaderContext) {
    this.#context = context;
  }

  number(name: string, kind: SourceKind): number {
    if (this.#context.mount !== null) return 0;
    const key = `${kind} ${name}`;
    let known = this.#numbers.get(key);
    if (known === undefined) {
      known = this.#context.sink.mount(own(name), kind);
      this.#numbers.set(own(key), known);
    }
    return known;
  }
}
