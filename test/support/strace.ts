// Reads what `strace -y -xx` wrote of one process: the calls on files below a directory, in order. Every string and every
// path of a descriptor is in hex there, so that no name can be mistaken.

export interface Call {
  name: string;
  /** Inside the directory, starting with `/`; of the descriptor where the call has no path. */
  path: string;
  newPath: string | null;
  /** The first string argument where it is no path inside: a link's target. */
  text: string | null;
  /** What stands between its brackets. */
  args: string;
  /** Of a call that succeeded. */
  result: number;
  /** Name of its error, or null. */
  error: string | null;
}

const LINE = /^(\w+)\((.*)\) += (-?\d+|0x[0-9a-f]+|\?)(?:<[^>]*>)?(?: (E[A-Z0-9]+))?/;
const STRING = /"((?:\\x[0-9a-f]{2})*)"/g;
const DESCRIPTOR = /^\d+<((?:\\x[0-9a-f]{2})*)>/;

/** Calls of which a path, or the descriptor, lies in `directory`. */
export function callsBelow(text: string, directory: string): Call[] {
  const inside = (path: string) =>
    path === directory ? '/' : path.startsWith(`${directory}/`) ? path.slice(directory.length) : null;
  const calls: Call[] = [];
  for (const line of text.split('\n')) {
    const [, name = '', args = '', result = '', error = null] = LINE.exec(line) ?? [];
    const strings = [...args.matchAll(STRING)].map(([, hex = '']) => unhex(hex));
    const paths = strings.map(inside).filter((path) => path !== null);
    const held = inside(unhex(DESCRIPTOR.exec(args)?.[1] ?? ''));
    const path = paths[0] ?? held;
    if (path === null) continue;
    const outside = strings.find((string) => inside(string) === null) ?? null;
    calls.push({ name, path, newPath: paths[1] ?? null, text: outside, args, result: Number(result), error });
  }
  return calls;
}

function unhex(text: string): string {
  return Buffer.from(text.replaceAll('\\x', ''), 'hex').toString('utf8');
}
