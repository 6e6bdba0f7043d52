// Text of a file put together as bytes, in one growing buffer: pieces that are ours as they are, numbers digit by digit,
// and what a value of the trace becomes, found out once. Strings that are joined and then encoded take twice as long.

const FIRST_BYTES = 1024 * 1024;
/** Values of a trace come again and again. */
const MOST = 20_000;
/** Longer ones are rarely met twice. */
const LONGEST = 300;
/** Integers below it are written by arithmetic of 31 bits, larger ones in two parts. */
const SMALL = 2 ** 31;
const POINT = 0x2e;
const ZERO = 0x30;
const HEX = '0123456789abcdef';

const encoder = new TextEncoder();

/** A piece of ours, to be put again and again. */
export const piece = (text: string): Uint8Array => encoder.encode(text);

/** What values become in a file, each found out once: bounded, forgets all when it is full. */
export class Pieces<Value extends string | number> {
  readonly #write: (value: Value) => string;
  readonly #known = new Map<Value, Uint8Array>();

  constructor(write: (value: Value) => string) {
    this.#write = write;
  }

  put(out: TextWriter, value: Value): void {
    let bytes = this.#known.get(value);
    if (bytes === undefined) {
      bytes = piece(this.#write(value));
      if (typeof value === 'number' || value.length <= LONGEST) {
        if (this.#known.size >= MOST) this.#known.clear();
        this.#known.set(value, bytes);
      }
    }
    out.put(bytes);
  }
}

export class TextWriter {
  #bytes = new Uint8Array(FIRST_BYTES);
  #at = 0;

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

  /** One ASCII character. */
  byte(code: number): void {
    this.#room(1);
    this.#bytes[this.#at++] = code;
  }

  /** Digits, hex, names of ours: ASCII that needs no escapes. */
  ascii(text: string): void {
    this.#room(text.length);
    const bytes = this.#bytes;
    const at = this.#at;
    for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
    this.#at = at + text.length;
  }

  /** A whole number below 2^31 with so many digits, zeros in front. */
  padded(value: number, digits: number): void {
    this.#room(digits);
    const end = this.#at + digits;
    let rest = value;
    for (let at = end - 1; at >= this.#at; at--) {
      const tenth = (rest / 10) | 0;
      this.#bytes[at] = ZERO + rest - tenth * 10;
      rest = tenth;
    }
    this.#at = end;
  }

  /** A whole number that is not negative, as 16 hexadecimal digits. @param top bits to be set in its upper half. */
  hex(value: number, top = 0): void {
    this.#room(16);
    this.#word(Math.floor(value / 2 ** 32) | top);
    this.#word(value | 0);
  }

  /** As JSON has it. */
  number(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0 || Object.is(value, -0)) {
      if (!this.#thousandths(value)) this.ascii(String(value));
      return;
    }
    if (value >= SMALL) {
      const high = Math.floor(value / 1e9);
      this.number(high);
      this.padded(value - high * 1e9, 9);
      return;
    }
    let digits = 1;
    for (let rest = value; rest >= 10; rest = (rest / 10) | 0) digits++;
    this.padded(value, digits);
  }

  /** Writes µs that are whole ns, as most fractions of ours are. False where that would not be the very number. */
  #thousandths(value: number): boolean {
    const whole = Math.floor(value);
    const rest = Math.round((value - whole) * 1_000);
    if (!(value > 0 && Number.isSafeInteger(whole) && rest < 1_000 && whole + rest / 1_000 === value))
      return false;
    this.number(whole);
    this.byte(POINT);
    this.padded(rest, 3);
    while (this.#bytes[this.#at - 1] === ZERO) this.#at--;
    return true;
  }

  #word(word: number): void {
    const end = this.#at + 8;
    let rest = word;
    for (let at = end - 1; at >= this.#at; at--) {
      this.#bytes[at] = HEX.charCodeAt(rest & 15);
      rest >>>= 4;
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
