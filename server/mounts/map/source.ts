// The directories of a source that is told in short. mergerfs calls itself `disk1:disk2` for /mnt/disk1 and /mnt/disk2:
// what they have in common is left out, and is found again on its command line. Pure.

/**
 * @param source as the mount table has it
 * @param named absolute paths of the daemon's command line, patterns with * and ? among them
 * @returns absolute paths with colons between; the source itself where not every part of it is found
 */
export function wholeSource(source: string, named: readonly string[]): string {
  if (source === '' || source.startsWith('/')) return source;
  const whole = source.split(':').map((part) => named.map((path) => wholePart(part, path)).find(Boolean));
  return whole.every((one) => one !== undefined) ? whole.join(':') : source;
}

/** A path, or one that a pattern stands for, that ends with these parts; "" for none. */
function wholePart(part: string, path: string): string {
  const tail = part.split('/');
  const steps = path.replace(/\/+$/, '').split('/');
  if (part === '' || tail.length >= steps.length) return '';
  const end = steps.slice(-tail.length);
  if (!end.every((step, i) => matches(step, tail[i] ?? ''))) return '';
  const head = steps.slice(0, -tail.length).join('/');
  // Which directory a pattern before them stands for is not known.
  return /[*?]/.test(head) ? '' : `${head}/${part}`;
}

function matches(pattern: string, name: string): boolean {
  const text = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${text}$`, 's').test(name);
}
