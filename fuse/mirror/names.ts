// Names are bytes. From the library they come as strings in which each char is one byte (see the patch), so that
// names that are not UTF-8 survive. Here they become what Node's fs takes, and the text that a trace shows.

const NOT_ASCII = /[\x80-\xff]/;
const NEEDS_ESCAPE = /[\\\x80-\xff]/;
const strict = new TextDecoder('utf-8', { fatal: true });

/** What Node's fs takes for a name in bytes. */
export function fsName(bytes: string): string | Buffer {
  return NOT_ASCII.test(bytes) ? Buffer.from(bytes, 'latin1') : bytes;
}

/** A name given as text (an argument of ours), one char a byte. */
export function bytesOf(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/** The text of a name for a trace: UTF-8 decoded, other bytes as `\xNN`, a backslash as `\\`. */
export function traceName(bytes: string): string {
  if (!NEEDS_ESCAPE.test(bytes)) return bytes;
  const escaped = bytes.replaceAll('\\', '\\\\');
  const buffer = Buffer.from(escaped, 'latin1');
  try {
    return strict.decode(buffer);
  } catch {
    return decodePiecewise(buffer);
  }
}

/** Decodes each well-formed character and escapes each byte that belongs to none. */
function decodePiecewise(buffer: Buffer): string {
  let out = '';
  for (let at = 0; at < buffer.length; ) {
    const length = sequenceLength(buffer[at] ?? 0);
    try {
      out += strict.decode(buffer.subarray(at, at + length));
      at += length;
    } catch {
      out += `\\x${(buffer[at] ?? 0).toString(16).padStart(2, '0')}`;
      at += 1;
    }
  }
  return out;
}

function sequenceLength(first: number): number {
  if (first >= 0xf0) return 4;
  if (first >= 0xe0) return 3;
  return first >= 0xc0 ? 2 : 1;
}
