// Values as logs write them: durations of Go and Rust, error texts of the C library and of Go, quoted strings.
import { errnoNumber } from '../../shared/errno.ts';

const UNIT_NS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3_600e9,
};

/** ns of 2.3ms, 45.2µs, 1m2.5s, 0s; null where it is no duration. */
export function durationNs(text: string): number | null {
  const pieces = /^(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)(ns|us|µs|μs|ms|s))?$/.exec(text);
  if (!pieces || text === '') return null;
  const [, hours = '0', minutes = '0', rest = '0', unit = 's'] = pieces;
  const ns = Number(hours) * 3_600e9 + Number(minutes) * 60e9 + Number(rest) * (UNIT_NS[unit] ?? 0);
  return Number.isSafeInteger(Math.round(ns)) ? Math.round(ns) : null;
}

/** The C library's text of each errno, in lower case as Go writes it too. */
const TEXTS: Readonly<Record<string, number>> = {
  'operation not permitted': 1,
  'no such file or directory': 2,
  'file does not exist': 2,
  'no such process': 3,
  'interrupted system call': 4,
  'input/output error': 5,
  'i/o error': 5,
  'no such device or address': 6,
  'device not configured': 6,
  'argument list too long': 7,
  'bad file descriptor': 9,
  'resource temporarily unavailable': 11,
  'try again': 11,
  'cannot allocate memory': 12,
  'out of memory': 12,
  'permission denied': 13,
  'bad address': 14,
  'device or resource busy': 16,
  'resource busy': 16,
  'file exists': 17,
  'file already exists': 17,
  'invalid cross-device link': 18,
  'no such device': 19,
  'operation not supported by device': 19,
  'not a directory': 20,
  'is a directory': 21,
  'invalid argument': 22,
  'too many open files in system': 23,
  'too many open files': 24,
  'inappropriate ioctl for device': 25,
  'text file busy': 26,
  'file too large': 27,
  'no space left on device': 28,
  'illegal seek': 29,
  'read-only file system': 30,
  'too many links': 31,
  'broken pipe': 32,
  'numerical result out of range': 34,
  'resource deadlock avoided': 35,
  'file name too long': 36,
  'no locks available': 37,
  'function not implemented': 38,
  'directory not empty': 39,
  'too many levels of symbolic links': 40,
  'no data available': 61,
  'attribute not found': 61,
  'value too large for defined data type': 75,
  'operation not supported': 95,
  'not supported': 95,
  'connection reset by peer': 104,
  'transport endpoint is not connected': 107,
  'connection timed out': 110,
  'operation timed out': 110,
  'connection refused': 111,
  'host is down': 112,
  'no route to host': 113,
  'stale file handle': 116,
  'stale nfs file handle': 116,
  'disk quota exceeded': 122,
  'operation canceled': 125,
  'context canceled': 125,
};

/** errno of an error as programs print it: `Errno(2)`, `ENOENT`, `-2`, `no such file or directory`; null: not known. */
export function errnoOf(text: string): number | null {
  const known = TEXTS[text.toLowerCase()];
  if (known !== undefined) return known;
  const number =
    /^(?:Errno\()?-?(\d{1,3})\)?$/.exec(text)?.[1] ??
    /\(os error (\d{1,3})\)|Errno\((\d{1,3})\)|\bcode: (\d{1,3})\b/
      .exec(text)
      ?.slice(1)
      .find((one) => one !== undefined);
  if (number !== undefined) return Number(number);
  const name = /\bE[A-Z][A-Z0-9]+\b/.exec(text)?.[0];
  const named = name === undefined ? null : errnoNumber(name);
  if (named !== null) return named;
  // `open a/b: no such file or directory`: Go puts what failed in front.
  const last = text.slice(text.lastIndexOf(': ') + 2).toLowerCase();
  return TEXTS[last] ?? null;
}

/** What a string in double quotes stands for, with the escapes of C, Go and Rust; bytes as UTF-8. */
export function unquote(text: string): string {
  if (!text.includes('\\')) return text;
  const bytes: Buffer[] = [];
  let from = 0;
  for (const match of text.matchAll(/\\(?:x([0-9a-fA-F]{2})|u\{?([0-9a-fA-F]{4,6})\}?|([0-7]{1,3})|(.))/g)) {
    bytes.push(Buffer.from(text.slice(from, match.index)));
    from = match.index + match[0].length;
    const [, hex, unicode, octal, char] = match;
    if (hex !== undefined) bytes.push(Buffer.of(Number.parseInt(hex, 16)));
    else if (octal !== undefined) bytes.push(Buffer.of(Number.parseInt(octal, 8) & 0xff));
    else if (unicode !== undefined) {
      const code = Number.parseInt(unicode, 16);
      bytes.push(Buffer.from(code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd'));
    } else bytes.push(Buffer.from(ESCAPES[char ?? ''] ?? char ?? ''));
  }
  bytes.push(Buffer.from(text.slice(from)));
  return textOf(Buffer.concat(bytes));
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  v: '\v',
  f: '\f',
  a: '\x07',
  b: '\b',
  e: '\x1b',
};

/** Bytes as text; those that are not UTF-8 as `\xNN`, and then a literal backslash as `\\`. */
export function textOf(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    // Not UTF-8, which few logs are in.
    return escaped(bytes);
  }
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function escaped(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at] ?? 0;
    const length =
      first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    const piece = bytes.subarray(at, at + length);
    let char: string | null = null;
    if (length > 0 && piece.length === length) {
      try {
        char = strict.decode(piece);
      } catch {
        char = null;
      }
    }
    if (char === null) {
      text += `\\x${first.toString(16).padStart(2, '0')}`;
      at++;
    } else {
      text += char === '\\' ? '\\\\' : char;
      at += length;
    }
  }
  return text;
}

/** A 64-bit value from decimal digits: a number while it is exact. */
export function wide(digits: string): number | string {
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : digits.replace(/^0+(?=\d)/, '');
}
