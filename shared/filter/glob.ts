// Glob patterns, matched in time of at most pattern times text, without regular expressions: a pattern comes from
// anyone. `*` anything within a segment, `**` across segments, `**/` also no segment at all, `?` one character but
// `/`, `\` takes the next character literally.

/** Longest pattern, so that no filter of a few kilobytes costs seconds. */
export const MAX_PATTERN = 1_024;

/** anywhere: may begin at any segment unless it begins with `/`. whole: the whole text. flat: `/` is like any other. */
export type GlobMode = 'anywhere' | 'whole' | 'flat';

export type Matcher = (text: string) => boolean;

const ANY_CHAR = -1;
const STAR = -2;
const DOUBLE_STAR = -3;
/** Some whole segments, or none. */
const SEGMENTS = -4;
/** `?` of a flat text. */
const ANY_AT_ALL = -5;
const SLASH = 47;

/** Builds a matcher for a pattern of the filter language. */
export function compileGlob(pattern: string, mode: GlobMode): Matcher {
  const tokens = tokenize(pattern, mode);
  const first = tokens.findIndex((token) => token < 0);
  if (first < 0) {
    const literal = textOf(tokens);
    return (text) => text === literal;
  }
  const last = tokens.length - 1;
  if (first === last && tokens[last] === DOUBLE_STAR) {
    const prefix = textOf(tokens.slice(0, last));
    return (text) => text.startsWith(prefix);
  }
  if (tokens[0] === SEGMENTS && tokens.slice(1).every((token) => token >= 0)) {
    const suffix = textOf(tokens.slice(1));
    return (text) => text.endsWith(suffix) && startsSegment(text, text.length - suffix.length);
  }
  if (tokens[0] === SEGMENTS && tokens[1] === STAR && tokens.slice(2).every((token) => token >= 0)) {
    const suffix = textOf(tokens.slice(2));
    if (!suffix.includes('/')) return (text) => text.endsWith(suffix);
  }
  return simulate(Int32Array.from(tokens));
}

/** True where nothing in the pattern is a wildcard. */
export function isLiteral(pattern: string): boolean {
  return !/(^|[^\\])(\\\\)*[*?]/.test(pattern);
}

function tokenize(pattern: string, mode: GlobMode): number[] {
  const tokens: number[] = [];
  if (mode === 'anywhere' && !pattern.startsWith('/') && !pattern.startsWith('**')) tokens.push(SEGMENTS);
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at];
    if (char === '\\' && at + 1 < pattern.length) tokens.push(pattern.charCodeAt(++at));
    else if (char === '?') tokens.push(mode === 'flat' ? ANY_AT_ALL : ANY_CHAR);
    else if (char !== '*') tokens.push(pattern.charCodeAt(at));
    else {
      let stars = 1;
      while (pattern[at + 1] === '*') {
        stars++;
        at++;
      }
      const before = tokens.at(-1);
      const atSegment = before === undefined || before === SLASH || before === SEGMENTS;
      if (mode === 'flat') tokens.push(DOUBLE_STAR);
      else if (stars === 1) tokens.push(STAR);
      else if (atSegment && pattern[at + 1] === '/') {
        if (before !== SEGMENTS) tokens.push(SEGMENTS);
        at++;
      } else tokens.push(DOUBLE_STAR);
    }
  }
  return tokens;
}

function startsSegment(text: string, at: number): boolean {
  return at === 0 || text.charCodeAt(at - 1) === SLASH;
}

function textOf(tokens: readonly number[]): string {
  return String.fromCharCode(...tokens);
}

/** Follows every place in the pattern that the text so far may have reached, one character at a time. */
function simulate(tokens: Int32Array): Matcher {
  const count = tokens.length;
  let now = new Uint8Array(count + 1);
  let next = new Uint8Array(count + 1);

  /** Marks a place, and those behind wildcards that may match nothing. A SEGMENTS is passed only at a segment. */
  const reach = (set: Uint8Array, from: number, atSegment: boolean) => {
    for (let place = from; place <= count; place++) {
      if (set[place]) return;
      set[place] = 1;
      const token = tokens[place];
      const skippable = token === STAR || token === DOUBLE_STAR || (token === SEGMENTS && atSegment);
      if (!skippable) return;
    }
  };

  return (text) => {
    now.fill(0);
    reach(now, 0, true);
    for (let i = 0; i < text.length; i++) {
      const char = text.charCodeAt(i);
      const slash = char === SLASH;
      let alive = false;
      next.fill(0);
      for (let place = 0; place < count; place++) {
        if (!now[place]) continue;
        const token = tokens[place] ?? 0;
        if (token === DOUBLE_STAR || (token === STAR && !slash)) reach(next, place, slash);
        else if (token === SEGMENTS) reach(next, place, slash);
        else if (token === char) reach(next, place + 1, slash);
        else if (token === ANY_AT_ALL || (token === ANY_CHAR && !slash)) {
          // Two halves of one character: the first stays, the second moves on.
          const firstHalf = char >= 0xd800 && char < 0xdc00 && i + 1 < text.length;
          reach(next, firstHalf ? place : place + 1, slash);
        } else continue;
        alive = true;
      }
      if (!alive) return false;
      [now, next] = [next, now];
    }
    return now[count] === 1;
  };
}
