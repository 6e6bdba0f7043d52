// Just enough of the protobuf wire format to write it (https://protobuf.dev/programming-guides/encoding): varints,
// length-delimited fields and nested messages, into one growing buffer.

export class ProtoWriter {
  #bytes = Buffer.allocUnsafe(64 * 1024);
  #at = 0;

  /** What has been written; valid until the next `reset`. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  /** A copy of what has been written; the writer is empty afterwards. */
  take(): Uint8Array {
    const out = Buffer.from(this.bytes());
    this.#at = 0;
    return out;
  }

  get length(): number {
    return this.#at;
  }

  /** A non-negative integer up to 2^53-1. */
  uint(field: number, value: number): void {
    this.#varint(field * 8);
    this.#varint(value);
  }

  /** A 64-bit value given as decimal string. */
  bigint(field: number, value: bigint): void {
    this.#varint(field * 8);
    this.#room(10);
    let rest = BigInt.asUintN(64, value);
    while (rest > 0x7fn) {
      this.#bytes[this.#at++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#bytes[this.#at++] = Number(rest);
  }

  /** Eight bytes, little-endian. */
  fixed64(field: number, value: bigint): void {
    this.#varint(field * 8 + 1);
    this.#room(8);
    this.#at = this.#bytes.writeBigUInt64LE(value, this.#at);
  }

  string(field: number, value: string): void {
    this.#varint(field * 8 + 2);
    const length = Buffer.byteLength(value);
    this.#varint(length);
    this.#room(length);
    this.#bytes.write(value, this.#at, 'utf8');
    this.#at += length;
  }

  /** A nested message, of less than 2 MiB. Its length is written as a padded varint, which readers accept. */
  message(field: number, body: () => void): void {
    this.#varint(field * 8 + 2);
    this.#room(3);
    const lengthAt = this.#at;
    this.#at += 3;
    body();
    const length = this.#at - lengthAt - 3;
    this.#bytes[lengthAt] = (length & 0x7f) | 0x80;
    this.#bytes[lengthAt + 1] = ((length >> 7) & 0x7f) | 0x80;
    this.#bytes[lengthAt + 2] = (length >> 14) & 0x7f;
  }

  #varint(value: number): void {
    this.#room(8);
    let rest = value;
    while (rest > 0x7f) {
      this.#bytes[this.#at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
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
