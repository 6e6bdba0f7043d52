// Which names have to do with a path: those that it was renamed from and to, over and over. Pure.

export interface Rename {
  from: string;
  to: string;
}

/** Names followed at most; a file that is saved by renaming has a new one each time. */
const MAX_NAMES = 1_000;

/** `name` moved along where `from`, it or a directory above it, becomes `to`; null where that leaves it alone. */
export function moved(name: string, from: string, to: string): string | null {
  if (name === from) return to;
  return name.startsWith(`${from}/`) ? to + name.slice(from.length) : null;
}

/** Whether `directory` lies above `name`. */
export const isAbove = (directory: string, name: string): boolean =>
  name.startsWith(directory === '/' ? '/' : `${directory}/`) && name !== directory;

/** The path and every name that renames lead to from it, in either direction. */
export function namesOf(path: string, renames: Iterable<Rename>): Set<string> {
  const steps = new Map<string, Set<string>>();
  const step = (from: string, to: string) => steps.set(from, (steps.get(from) ?? new Set()).add(to));
  for (const { from, to } of renames) {
    step(from, to);
    step(to, from);
  }
  const names = new Set([path]);
  for (const name of names) {
    for (const from of [name, ...directoriesAbove([name])]) {
      for (const to of steps.get(from) ?? []) {
        if (names.size >= MAX_NAMES) return names;
        const next = moved(name, from, to);
        if (next !== null) names.add(next);
      }
    }
  }
  return names;
}

/** Every directory above these names, the root too. */
export function directoriesAbove(names: Iterable<string>): Set<string> {
  const above = new Set<string>();
  for (const name of names) {
    for (let cut = name.lastIndexOf('/'); cut >= 0; cut = name.lastIndexOf('/', cut - 1)) {
      above.add(cut === 0 ? '/' : name.slice(0, cut));
      if (cut === 0) break;
    }
  }
  return above;
}
