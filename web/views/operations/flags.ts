// Arguments that come as numbers and are read as names: open flags and modes (include/uapi/asm-generic/fcntl.h).

const ACCESS = ['O_RDONLY', 'O_WRONLY', 'O_RDWR'];
const FLAGS: readonly (readonly [bit: number, name: string])[] = [
  [0o100, 'O_CREAT'],
  [0o200, 'O_EXCL'],
  [0o1000, 'O_TRUNC'],
  [0o2000, 'O_APPEND'],
  [0o4000, 'O_NONBLOCK'],
  [0o40000, 'O_DIRECT'],
  [0o200000, 'O_DIRECTORY'],
  [0o400000, 'O_NOFOLLOW'],
  [0o4010000, 'O_SYNC'],
];

/** `O_RDONLY`, `O_RDWR O_CREAT O_EXCL`; flags without a say in what happens (O_LARGEFILE) are left out. */
function openFlags(flags: number): string {
  const names = FLAGS.filter(([bit]) => (flags & bit) === bit).map(([, name]) => name);
  return [ACCESS[flags & 3] ?? 'O_ACCMODE', ...names].join(' ');
}

/** The permission bits as chmod takes them: 0644. */
function octalMode(mode: number): string {
  return `0${(mode & 0o7777).toString(8).padStart(3, '0')}`;
}

const OPENING = new Set(['open', 'opendir', 'create', 'tmpfile']);

/** An argument as it is read best; null where its own value does. */
export function argumentText(op: string, name: string, value: unknown): string | null {
  if (typeof value !== 'number') return null;
  if (name === 'flags' && OPENING.has(op)) return openFlags(value);
  return name === 'mode' ? octalMode(value) : null;
}
