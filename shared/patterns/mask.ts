// Masks what varies from one error to the next: numbers, hex, ids, UUIDs, addresses, names of temporary files. The
// first half of folding errors into patterns; Drain (drain.ts) finds what no mask knows.

const MASKS: readonly [pattern: RegExp, mask: string][] = [
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '<uuid>'],
  // Ids with a mark in them, such as OneDrive's DCC3AB4031B5AE0A!s7d1ff69a.
  [/\b[0-9a-f]{6,}[!:][0-9a-z]{3,}\b/gi, '<id>'],
  [/\b0x[0-9a-f]+\b/gi, '<hex>'],
  [/\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b/g, '<ip>'],
  [/\b(?:\d{4}[-/.]\d\d[-/.]\d\d[T ])?\d{1,2}:\d\d:\d\d(?:[.,]\d+)?Z?\b/g, '<time>'],
  // Long, with letters and at least two digits.
  [/\b(?=[a-z]*\d[a-z]*\d)(?=\d*[a-z])[0-9a-z]{8,}\b/gi, '<id>'],
  [/\b[0-9a-f]{12,}\b/gi, '<hex>'],
  // mkstemp's six characters, and editors' names.
  [/\.(?=[A-Za-z]*[A-Z0-9])(?=[A-Z0-9]*[a-z0-9])[A-Za-z0-9]{6}(?=$|[\s"':,)])/g, '.<tmp>'],
  [/\btmp(?=[a-z]*[0-9_])[0-9a-z_]{4,}\b/gi, '<tmp>'],
  [/(?<![A-Za-z_<\d])\d+(?:\.\d+)*(?:ns|us|µs|ms|s|min|m|h|[KMGT]i?B|B|%)?(?![A-Za-z_\d])/g, '<n>'],
  [/(?<=[-_.#(/])\d+/g, '<n>'],
];
/** Longer texts tell no more. */
const MAX_CHARS = 1_000;

/** A text with what varies in it masked. */
export function masked(text: string): string {
  let out = text.slice(0, MAX_CHARS);
  for (const [pattern, mask] of MASKS) out = out.replace(pattern, mask);
  return out;
}
