// Steps that take back what was begun, the last one first.

export class Undo {
  readonly #steps: (() => unknown)[] = [];

  /** @param step may be asynchronous. */
  push(step: () => unknown): void {
    this.#steps.push(step);
  }

  /**
   * Takes every step once, one after the other, whatever becomes of those before: a part that cannot end must not keep
   * the next one's data from the disk, or its mount mounted.
   * @throws what the first step threw that failed, after the last.
   */
  async run(): Promise<void> {
    const failed: unknown[] = [];
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      try {
        await step();
      } catch (error) {
        failed.push(error);
      }
    }
    if (failed.length > 0) throw failed[0];
  }
}
