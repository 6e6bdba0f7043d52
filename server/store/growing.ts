// A typed array that grows: a column of many numbers, one of which must not cost an object.

interface Typed {
  readonly length: number;
  [index: number]: number;
  set(from: Typed): void;
  subarray(from: number, to: number): Typed;
}

const FIRST = 1_024;

export class Growing<T extends Typed> {
  length = 0;
  private readonly kind: new (
    size: number,
  ) => T;
  private room: T;

  constructor(kind: new (size: number) => T) {
    this.kind = kind;
    this.room = new kind(FIRST);
  }

  push(value: number): void {
    if (this.length === this.room.length) {
      const larger = new this.kind(this.length * 2);
      larger.set(this.room);
      this.room = larger;
    }
    this.room[this.length++] = value;
  }

  /** What was pushed so far; not a copy. */
  get filled(): T {
    return this.room.subarray(0, this.length) as T;
  }

  at(index: number): number {
    return this.room[index] ?? 0;
  }
}
