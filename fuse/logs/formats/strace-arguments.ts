// Arguments of a call as strace prints them: cut at the commas that are in no string, brace or bracket, and the paths
// among them, with the names that -y puts behind descriptors.
import { unquote } from '../values.ts';
import type { PathAt } from './strace-calls.ts';

const OPENING = '([{';
const CLOSING = ')]}';
const MAX_ARGUMENTS = 8;

/** The arguments, the first eight of them at most. */
export function splitArguments(text: string): string[] {
  const out: string[] = [];
  let depth = 0;
  let from = 0;
  let quoted = false;
  for (let i = 0; i < text.length && out.length < MAX_ARGUMENTS; i++) {
    const char = text[i] ?? '';
    if (quoted) {
      if (char === '\\') i++;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === '<' && /[\dD]/.test(text[i - 1] ?? '')) i = nameEnd(text, i);
    else if (OPENING.includes(char)) depth++;
    else if (CLOSING.includes(char)) depth = Math.max(0, depth - 1);
    else if (char === ',' && depth === 0) {
      out.push(text.slice(from, i).trim());
      from = i + 1;
    }
  }
  if (out.length < MAX_ARGUMENTS) out.push(text.slice(from).trim());
  return out;
}

/** Where the name of a descriptor ends: at a `>` with a comma, a bracket or the end behind it. */
function nameEnd(text: string, from: number): number {
  for (let i = text.indexOf('>', from); i !== -1; i = text.indexOf('>', i + 1)) {
    const next = text[i + 1];
    if (next === undefined || next === ',' || next === ')' || next === ' ') return i;
  }
  return from;
}

/** The absolute path that an argument means, or what is known of it; null for none. */
export function pathOf(args: readonly string[], at: PathAt): string | null {
  if ('fd' in at) return nameOf(args[at.fd] ?? '');
  const quoted = /^"((?:[^"\\]|\\.)*)"/.exec(args[at.path] ?? '')?.[1];
  const path = quoted === undefined ? null : unquote(quoted);
  const dir = at.dir === undefined ? null : nameOf(args[at.dir] ?? '');
  if (path === null || path === '') return dir;
  if (path.startsWith('/') || dir === null) return path;
  return tidy(`${dir}/${path}`);
}

/** `3</mnt/f/a>`, `AT_FDCWD</home/u>`: the name in the brackets. */
function nameOf(argument: string): string | null {
  const name = /^(?:\d+|AT_FDCWD)<(.*)>$/.exec(argument)?.[1];
  return name === undefined || !name.startsWith('/') ? null : unquote(name.replace(/ ?\(deleted\)$/, ''));
}

/** Without `.` and `..`; links are not looked at. */
function tidy(path: string): string {
  const out: string[] = [];
  for (const piece of path.split('/')) {
    if (piece === '..') out.pop();
    else if (piece !== '' && piece !== '.') out.push(piece);
  }
  return `/${out.join('/')}`;
}
