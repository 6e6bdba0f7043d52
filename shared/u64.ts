// 64-bit values of the protocol (unique, nodeid, fh, offset): a number up to 2^53-1, above that a decimal
// string, so that nothing is ever rounded.

/** A number in 0..2^53-1, or a canonical decimal string of a value in 2^53..2^64-1. */
export type U64 = number | string;

const MAX = 2n ** 64n - 1n;
const DECIMAL = /^(0|[1-9]\d{0,19})$/;

/** From the two 32-bit halves in which typed arrays and sockets carry it. */
export function u64FromHalves(low: number, high: number): U64 {
  if (high <= 0x1fffff) return high * 0x1_0000_0000 + low;
  return ((BigInt(high) << 32n) | BigInt(low)).toString();
}

/** From what JSON holds: a non-negative safe integer, or a decimal string up to 2^64-1; else null. */
export function parseU64(value: unknown): U64 | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : null;
  if (typeof value !== 'string' || !DECIMAL.test(value)) return null;
  const wide = BigInt(value);
  return wide > MAX ? null : u64FromBigInt(wide);
}

/** From a bigint of which the low 64 bits count. */
function u64FromBigInt(value: bigint): U64 {
  const wide = BigInt.asUintN(64, value);
  return wide <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(wide) : wide.toString();
}
