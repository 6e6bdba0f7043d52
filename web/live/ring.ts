// A bounded buffer that keeps the newest. What it had to let go is counted.

export class Ring<T> {
  private readonly slots: (T | undefined)[];
  private start = 0;
  private size = 0;
  private gone = 0;
  readonly capacity: number;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.slots = new Array(capacity);
  }

  get length(): number {
    return this.size;
  }

  /** How many were let go since the last `clear`. */
  get dropped(): number {
    return this.gone;
  }

  /** How many were pushed since the last `clear`. */
  get total(): number {
    return this.gone + this.size;
  }

  push(item: T): void {
    const end = this.start + this.size;
    this.slots[end < this.capacity ? end : end - this.capacity] = item;
    if (this.size < this.capacity) {
      this.size++;
      return;
    }
    this.start = this.start + 1 === this.capacity ? 0 : this.start + 1;
    this.gone++;
  }

  /** The item `back` places before the newest; 0 is the newest. */
  fromEnd(back: number): T | undefined {
    if (back < 0 || back >= this.size) return undefined;
    const at = this.start + this.size - 1 - back;
    return this.slots[at < this.capacity ? at : at - this.capacity];
  }

  /** A copy, newest first. */
  newestFirst(): T[] {
    const copy: T[] = new Array(this.size);
    for (let i = 0; i < this.size; i++) copy[i] = this.fromEnd(i) as T;
    return copy;
  }

  clear(): void {
    this.slots.fill(undefined);
    this.start = 0;
    this.size = 0;
    this.gone = 0;
  }
}
