// What could stand at the cursor of a filter field: keys, then the values of the key it stands in.
import { ERRNO_NAMES } from '../errno.ts';
import { OPS, opFamily } from '../ops.ts';
import { SOURCE_KINDS, SPAN_STATES } from '../span.ts';
import { isKey, KEY_NAMES, KEYS, type Key } from './ast.ts';
import { quoteLiteral } from './print.ts';

/** Names that are known now; those that matter most first. */
export interface CompletionContext {
  mounts: readonly string[];
  comms: readonly string[];
  paths: readonly string[];
}

export interface Suggestion {
  /** What replaces the text from `from` to `to`. */
  insert: string;
  label: string;
  about: string;
}

export interface Completion {
  from: number;
  to: number;
  items: Suggestion[];
}

const MOST = 50;
const DURATIONS = ['>1ms', '>10ms', '>100ms', '>1s', '10ms..100ms'];
const SIZES = ['>=128k', '<4k', '>=1M'];
/** Errors that are asked for most, before the rest of the table. */
const FIRST_ERRNOS = [
  'any',
  'none',
  'ENOENT',
  'EIO',
  'EACCES',
  'EPERM',
  'ENOSPC',
  'ENOTCONN',
  'ETIMEDOUT',
  'EEXIST',
];

/** Suggestions for the word that ends at `cursor`. None where free text is being typed that no key begins with. */
export function complete(text: string, cursor: number, context: CompletionContext): Completion {
  const word = wordAt(text, cursor);
  if (word.key === null) {
    const typed = word.typed.toLowerCase();
    const items = KEY_NAMES.filter((key) => key.startsWith(typed)).map((key) => ({
      insert: `${key}:`,
      label: `${key}:`,
      about: `${KEYS[key].about}, ${KEYS[key].example}`,
    }));
    return { from: word.from, to: cursor, items };
  }
  return { from: word.from, to: cursor, items: ranked(valuesOf(word.key, context), word.typed) };
}

interface Word {
  key: Key | null;
  from: number;
  /** Without quotes and escapes. */
  typed: string;
}

/** The value or key that is being typed. Reads quotes as the lexer does, but takes one that is not closed. */
function wordAt(text: string, cursor: number): Word {
  let start = 0;
  let from = 0;
  let typed = '';
  let key: Key | null = null;
  let quoted = false;
  for (let at = 0; at < cursor; at++) {
    const char = text.charAt(at);
    if (char === '\\' && at + 1 < cursor) typed += text.charAt(++at);
    else if (char === '"') quoted = !quoted;
    else if (!quoted && /\s/.test(char)) {
      key = null;
      typed = '';
      start = at + 1;
      from = start;
    } else if (!quoted && key === null && at === start && char === '-') from = at + 1;
    else if (!quoted && key === null && char === ':' && isKey(typed.toLowerCase())) {
      key = typed.toLowerCase() as Key;
      typed = '';
      from = at + 1;
    } else if (!quoted && key !== null && char === ',') {
      typed = '';
      from = at + 1;
    } else typed += char;
  }
  return { key, from, typed };
}

function valuesOf(key: Key, context: CompletionContext): Suggestion[] {
  switch (key) {
    case 'op':
      return OPS.map(({ name, class: group }) => {
        const family = opFamily(name);
        return word(
          name,
          family.length > 1 ? `and ${family.filter((one) => one !== name).join(', ')}` : group,
        );
      });
    case 'errno':
      return [...new Set([...FIRST_ERRNOS, ...ERRNO_NAMES])].map((name) => word(name, ''));
    case 'source':
      return SOURCE_KINDS.map((name) => word(name, ''));
    case 'state':
      return SPAN_STATES.map((name) => word(name, ''));
    case 'mount':
      return context.mounts.map(literal);
    case 'comm':
      return context.comms.map(literal);
    case 'path':
      return context.paths.map(literal);
    case 'dur':
    case 'queue':
      return DURATIONS.map((name) => word(name, ''));
    case 'size':
    case 'bytes':
      return SIZES.map((name) => word(name, ''));
    default:
      return [];
  }
}

const word = (insert: string, about: string): Suggestion => ({ insert, label: insert, about });
const literal = (name: string): Suggestion => ({ insert: quoteLiteral(name), label: name, about: '' });

/** Those that begin with what was typed, then those that hold it; the rest is left out. */
function ranked(all: readonly Suggestion[], typed: string): Suggestion[] {
  const wanted = typed.toLowerCase();
  const begins = all.filter((one) => one.label.toLowerCase().startsWith(wanted));
  const holds = all.filter((one) => one.label.toLowerCase().indexOf(wanted) > 0);
  return [...begins, ...holds].slice(0, MOST);
}
