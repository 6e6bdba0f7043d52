// Reads protobuf without a schema, to look at what the Perfetto writer wrote.

export type Field = number | bigint | Uint8Array;

/** Fields of one message by number, in order of appearance. */
export function readMessage(bytes: Uint8Array): Map<number, Field[]> {
  const fields = new Map<number, Field[]>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw new RangeError('varint past the end');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const wireType = tag & 7;
    let value: Field;
    if (wireType === 0) {
      value = varint();
    } else if (wireType === 1) {
      value = Buffer.from(bytes.buffer, bytes.byteOffset + at, 8).readBigUInt64LE();
      at += 8;
    } else if (wireType === 2) {
      const length = Number(varint());
      if (at + length > bytes.length) throw new RangeError('field past the end');
      value = bytes.subarray(at, at + length);
      at += length;
    } else {
      throw new RangeError(`wire type ${wireType}`);
    }
    const list = fields.get(tag >> 3);
    if (list) list.push(value);
    else fields.set(tag >> 3, [value]);
  }
  return fields;
}

export function textOf(field: Field | undefined): string {
  return field instanceof Uint8Array ? new TextDecoder().decode(field) : '';
}
