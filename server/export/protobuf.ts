// Just enough of the protobuf wire format to write it (https://protobuf.dev/programming-guides/encoding): varints,
// length-delimited fields and nested messages, into one growing buffer.

const TWO_28 = 2 ** 28;
const TWO_32 = 2 ** 32;

export class ProtoWriter {
  #bytes = Buffer.allocUnsafe(256 * 1024);
  #at = 0;

  /** A copy of what has been written; the writer is empty afterwards. */
  take(): Uint8Array {
    const out = Buffer.from(this.#bytes.subarray(0, this.#at));
    this.#at = 0;
    return out;
  }

  get length(): number {
    return this.#at;
  }

  /** A non-negative integer up to 2^53-1. */
  uint(field: number, value: number): void {
    this.#room(20);
    this.#varint(field * 8);
    this.#varint(value);
  }

  /**
   * A moment in ns, which pass 2^53: made of µs since the epoch, in quarters, and ns after that, up to 2^52.
   */
  stamp(field: number, us: number, afterNs: number): void {
    this.#room(20);
    this.#varint(field * 8);
    const whole = Math.floor(us);
    const low = (whole % TWO_28) * 1_000 + Math.round((us - whole) * 1_000) + Math.round(afterNs);
    const high = Math.floor(whole / TWO_28) * 1_000 + Math.floor(low / TWO_28);
    if (high === 0) {
      this.#varint(low);
      return;
    }
    // Four groups of seven bits, then those above.
    const bits = low % TWO_28;
    const bytes = this.#bytes;
    bytes[this.#at++] = (bits & 0x7f) | 0x80;
    bytes[this.#at++] = ((bits >>> 7) & 0x7f) | 0x80;
    bytes[this.#at++] = ((bits >>> 14) & 0x7f) | 0x80;
    bytes[this.#at++] = (bits >>> 21) | 0x80;
    this.#varint(high);
  }

  /** A fixed64 of a non-negative integer up to 2^53-1. */
  fixed64(field: number, value: number): void {
    this.#room(20);
    this.#varint(field * 8 + 1);
    this.#bytes.writeUInt32LE(value % TWO_32, this.#at);
    this.#bytes.writeUInt32LE(Math.floor(value / TWO_32), this.#at + 4);
    this.#at += 8;
  }

  string(field: number, value: string): void {
    // Each of its units becomes three bytes at most.
    this.#room(20 + value.length * 3);
    this.#varint(field * 8 + 2);
    if (value.length < 0x2a) {
      // Then its length is one byte, whatever it is.
      const lengthAt = this.#at++;
      const length = this.#text(value);
      this.#bytes[lengthAt] = length;
      return;
    }
    this.#varint(Buffer.byteLength(value));
    this.#text(value);
  }

  /** Bytes that are fields already. */
  raw(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** Begins a nested message, of less than 2 MiB, which `close` ends. */
  open(field: number): number {
    this.#room(20);
    this.#varint(field * 8 + 2);
    this.#at += 3;
    return this.#at;
  }

  /** @param begun what `open` answered. The length is a padded varint, which readers accept. */
  close(begun: number): void {
    const length = this.#at - begun;
    this.#bytes[begun - 3] = (length & 0x7f) | 0x80;
    this.#bytes[begun - 2] = ((length >> 7) & 0x7f) | 0x80;
    this.#bytes[begun - 1] = (length >> 14) & 0x7f;
  }

  #text(value: string): number {
    const bytes = this.#bytes;
    const from = this.#at;
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code >= 0x80) {
        this.#at = from + bytes.write(value, from, 'utf8');
        return this.#at - from;
      }
      bytes[from + i] = code;
    }
    this.#at = from + value.length;
    return value.length;
  }

  #varint(value: number): void {
    let rest = value;
    while (rest > 0x7fff_ffff) {
      this.#bytes[this.#at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    while (rest > 0x7f) {
      this.#bytes[this.#at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#at++] = rest;
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + bytes));
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
  }
}
