// Numbers as DWARF writes them (DWARF 5, 7.6; the encodings of pointers: LSB core, 10.5.1), read one after the other.
// Pure. It throws a RangeError at the end of its bytes.

export class DwarfBytes {
  at = 0;
  readonly #bytes: Buffer;
  /** Address of the first byte. */
  readonly #address: number;

  constructor(bytes: Buffer, address: number) {
    this.#bytes = bytes;
    this.#address = address;
  }

  get address(): number {
    return this.#address + this.at;
  }

  get length(): number {
    return this.#bytes.length;
  }

  u8(): number {
    return this.#bytes.readUInt8(this.at++);
  }

  u16(): number {
    this.at += 2;
    return this.#bytes.readUInt16LE(this.at - 2);
  }

  u32(): number {
    this.at += 4;
    return this.#bytes.readUInt32LE(this.at - 4);
  }

  i32(): number {
    this.at += 4;
    return this.#bytes.readInt32LE(this.at - 4);
  }

  /** Exact up to 2^53. */
  u64(): number {
    const low = this.u32();
    return this.u32() * 2 ** 32 + low;
  }

  i64(): number {
    const low = this.u32();
    return this.i32() * 2 ** 32 + low;
  }

  /** Unsigned LEB128. */
  uleb(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  /** Signed LEB128. */
  sleb(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return byte & 0x40 ? value - scale * 128 : value;
    }
  }

  /** Passes over a block that begins with its length. */
  skip(): void {
    const length = this.uleb();
    this.at += length;
  }

  /** Text up to its NUL. */
  string(): string {
    const end = this.#bytes.indexOf(0, this.at);
    if (end < 0) throw new RangeError('a text without an end');
    const text = this.#bytes.toString('latin1', this.at, end);
    this.at = end + 1;
    return text;
  }

  /** A pointer by its encoding (DW_EH_PE_*). @param data what encodings relative to data count from. */
  pointer(encoding: number, data = 0): number {
    const { address } = this;
    const value = FORMATS[encoding & 0x0f]?.(this);
    const base = BASES[encoding & 0xf0]?.(address, data);
    if (value === undefined || base === undefined) throw new RangeError(`pointer encoding ${encoding}`);
    return value + base;
  }
}

const FORMATS: Readonly<Record<number, (bytes: DwarfBytes) => number>> = {
  0: (bytes) => bytes.u64(),
  1: (bytes) => bytes.uleb(),
  2: (bytes) => bytes.u16(),
  3: (bytes) => bytes.u32(),
  4: (bytes) => bytes.u64(),
  9: (bytes) => bytes.sleb(),
  11: (bytes) => bytes.i32(),
  12: (bytes) => bytes.i64(),
};
/** 0x90: where the pointer itself is; it matters to nothing here. */
const BASES: Readonly<Record<number, (address: number, data: number) => number>> = {
  0: () => 0,
  16: (address) => address,
  48: (_, data) => data,
  144: (address) => address,
};
