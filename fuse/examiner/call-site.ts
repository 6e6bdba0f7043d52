// Whether an address is where a call returns to, and where that call went: E8 with its distance, or FF /2 through a
// register or a word in memory (Intel SDM, volume 2, CALL). Pure.

/** What an address may need of the code around it. */
export interface Code {
  /** Exactly so many bytes, or null. */
  bytes(address: number, length: number): Buffer | null;
  word(address: number): number | null;
}

/** `target`: the function that is called; null where that is in a register. */
export interface CallSite {
  target: number | null;
}

const LONGEST = 7;
/** Lengths of FF /2, without a prefix. */
const INDIRECT: readonly number[] = [2, 3, 4, 6, 7];

/** Null where no call ends right before it. */
export function callBefore(code: Code, address: number): CallSite | null {
  const before = code.bytes(address - LONGEST, LONGEST);
  if (!before) return null;
  if (before[LONGEST - 5] === 0xe8)
    return { target: throughStub(code, address + before.readInt32LE(LONGEST - 4)) };
  for (const length of INDIRECT) {
    const at = LONGEST - length;
    if (before[at] !== 0xff || lengthOf(before, at) !== length) continue;
    const isRelative = before[at + 1] === 0x15;
    return { target: isRelative ? code.word(address + before.readInt32LE(at + 2)) : null };
  }
  return null;
}

/** Of FF /2 by its ModRM byte and SIB; 0 for what is none. */
function lengthOf(bytes: Buffer, at: number): number {
  const modrm = bytes[at + 1] ?? 0;
  const mode = modrm >>> 6;
  const rm = modrm & 7;
  if (((modrm >>> 3) & 7) !== 2) return 0;
  if (mode === 3) return 2;
  const sib = rm === 4 ? 1 : 0;
  const isWide = mode === 2 || (mode === 0 && (rm === 5 || (sib === 1 && ((bytes[at + 2] ?? 0) & 7) === 5)));
  return 2 + sib + (isWide ? 4 : mode);
}

const ENDBR64 = 0xfa1e0ff3;
/** ENDBR64, a prefix, and `jmp *distance(%rip)`. */
const STUB = 11;

/** Calls between files go through a stub of the linker, which jumps to where a word says. */
function throughStub(code: Code, target: number): number | null {
  const bytes = code.bytes(target, STUB);
  if (!bytes) return target;
  let at = bytes.readUInt32LE(0) === ENDBR64 ? 4 : 0;
  if (bytes[at] === 0xf2) at++;
  if (bytes[at] !== 0xff || bytes[at + 1] !== 0x25) return target;
  const end = at + 6;
  return end > bytes.length ? null : code.word(target + end + bytes.readInt32LE(at + 2));
}
