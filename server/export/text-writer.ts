// Text of a file put together as bytes, in one growing buffer: pieces that are ours as they are, numbers digit by digit,
// and texts of the trace as JSON, each found out once. Strings that are joined and then encoded take twice as long.

const FIRST_BYTES = 1024 * 1024;
/** Texts of a trace come again and again; forgets all when it is full. */
const MOST_TEXTS = 20_000;
/** Longer ones are rarely met twice. */
const LONGEST = 300;
/** Integers below it are written by arithmetic of 32 bits. */
const SMALL = 2 ** 30;

const encoder = new TextEncoder();

/** A piece of ours, to be put again and again. */
export const piece = (text: string): Uint8Array => encoder.encode(text);

export class TextWriter {
  #bytes = new Uint8Array(FIRST_BYTES);
  #at = 0;
  readonly #texts = new Map<string, Uint8Array>();

  get length(): number {
    return this.#at;
  }

  /** A copy of what has been written; the writer is empty afterwards. */
  take(): Uint8Array<ArrayBuffer> {
    const out = this.#bytes.slice(0, this.#at);
    this.#at = 0;
    return out;
  }

  put(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** Digits, hex, names of ours: ASCII that needs no escapes. */
  ascii(text: string): void {
    this.#room(text.length);
    const bytes = this.#bytes;
    const at = this.#at;
    for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
    this.#at = at + text.length;
  }

  /** Any text, in quotes. */
  json(text: string): void {
    let bytes = this.#texts.get(text);
    if (bytes === undefined) {
      bytes = piece(JSON.stringify(text));
      if (text.length <= LONGEST) {
        if (this.#texts.size >= MOST_TEXTS) this.#texts.clear();
        this.#texts.set(text, bytes);
      }
    }
    this.put(bytes);
  }

  /** As JSON has it. */
  number(value: number): void {
    if (!Number.isInteger(value) || value < 0 || value >= SMALL) {
      this.ascii(String(value));
      return;
    }
    let digits = 1;
    for (let rest = value; rest >= 10; rest = (rest / 10) | 0) digits++;
    this.#room(digits);
    const end = this.#at + digits;
    let rest = value;
    for (let at = end - 1; at >= this.#at; at--) {
      const tenth = (rest / 10) | 0;
      this.#bytes[at] = 48 + rest - tenth * 10;
      rest = tenth;
    }
    this.#at = end;
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + bytes));
    grown.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = grown;
  }
}
