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
/** Tokens that fit into the bits of a number, with one more for the end. */
const MAX_BITS = 30;

/** Builds a matcher for a pattern of the filter language. */
export function compileGlob(pattern: string, mode: GlobMode): Matcher {
  const tokens = tokenize(pattern, mode);
  const first = tokens.findIndex((token) => token < 0);
  if (first < 0) {
    const literal = textOf(tokens);
    return (text) => text === literal;
  }
  // Both ends are mostly literal and refuse most texts at once.
  const last = tokens.findLastIndex((token) => token < 0);
  const prefix = textOf(tokens.slice(0, first));
  const suffix = textOf(tokens.slice(last + 1));
  const middle = tokens.slice(first, last + 1);
  const fits = (text: string) =>
    text.length >= prefix.length + suffix.length && text.startsWith(prefix) && text.endsWith(suffix);
  const [only] = middle;
  if (middle.length === 1 && only === DOUBLE_STAR) return fits;
  const run = middle.length <= MAX_BITS ? runBits(middle) : runSets(middle);
  return (text) => fits(text) && run(text, prefix.length, text.length - suffix.length);
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

function textOf(tokens: readonly number[]): string {
  return String.fromCharCode(...tokens);
}

/** Whether the tokens match a stretch of a text, which begins at a segment or within one as the tokens before do. */
type Run = (text: string, from: number, to: number) => boolean;

/**
 * Follows every place in the pattern that the text so far may have reached; a bit of a number for each. A place
 * moves on by a character that its token takes, wildcards also stay, and are passed for nothing.
 */
function runBits(tokens: readonly number[]): Run {
  const bitsOf = (...wanted: number[]) =>
    tokens.reduce((bits, token, i) => (wanted.includes(token) ? bits | (1 << i) : bits), 0);
  const anyAtAll = bitsOf(ANY_AT_ALL);
  const anyChar = bitsOf(ANY_CHAR, ANY_AT_ALL);
  const moves = new Map<number, number>([[SLASH, anyAtAll]]);
  for (const [i, token] of tokens.entries()) {
    const before = moves.get(token) ?? anyChar;
    if (token >= 0) moves.set(token, before | (1 << i));
  }
  const ascii = Int32Array.from({ length: 128 }, (_, char) => moves.get(char) ?? anyChar);
  const stays = bitsOf(STAR, DOUBLE_STAR, SEGMENTS);
  const staysAtSlash = bitsOf(DOUBLE_STAR, SEGMENTS);
  const passed = bitsOf(STAR, DOUBLE_STAR);
  const passedAtSegment = bitsOf(STAR, DOUBLE_STAR, SEGMENTS);
  const end = 1 << tokens.length;
  const passOver = (places: number, which: number) => {
    let reached = places;
    for (let more = reached; more !== 0; ) {
      more = ((more & which) << 1) & ~reached;
      reached |= more;
    }
    return reached;
  };

  return (text, from, to) => {
    let places = passOver(1, passedAtSegment);
    for (let i = from; i < to; i++) {
      const char = text.charCodeAt(i);
      if (char === SLASH) {
        places = ((places & (ascii[SLASH] ?? 0)) << 1) | (places & staysAtSlash);
        places = passOver(places, passedAtSegment);
      } else {
        const move = char < 128 ? (ascii[char] ?? 0) : (moves.get(char) ?? anyChar);
        // Two halves of one character: at the first, `?` stays, at the second it moves on.
        const half = isFirstHalf(char) && i + 1 < to ? anyChar : 0;
        places = ((places & move & ~half) << 1) | (places & (stays | half));
        places = passOver(places, passed);
      }
      if (places === 0) return false;
    }
    return (places & end) !== 0;
  };
}

/** The same for patterns of any length. */
function runSets(tokens: readonly number[]): Run {
  const count = tokens.length;
  let now = new Uint8Array(count + 1);
  let next = new Uint8Array(count + 1);

  /** Marks a place, and those behind wildcards that may match nothing. A SEGMENTS is passed only at a segment. */
  const reach = (set: Uint8Array, from: number, atSegment: boolean) => {
    for (let place = from; place <= count; place++) {
      if (set[place]) return;
      set[place] = 1;
      const token = tokens[place];
      const passed = token === STAR || token === DOUBLE_STAR || (token === SEGMENTS && atSegment);
      if (!passed) return;
    }
  };

  return (text, from, to) => {
    now.fill(0);
    reach(now, 0, true);
    for (let i = from; i < to; i++) {
      const char = text.charCodeAt(i);
      const slash = char === SLASH;
      let alive = false;
      next.fill(0);
      for (let place = 0; place < count; place++) {
        if (!now[place]) continue;
        const token = tokens[place] ?? 0;
        if (token === DOUBLE_STAR || token === SEGMENTS || (token === STAR && !slash))
          reach(next, place, slash);
        else if (token === char) reach(next, place + 1, slash);
        else if (token === ANY_AT_ALL || (token === ANY_CHAR && !slash)) {
          reach(next, isFirstHalf(char) && i + 1 < to ? place : place + 1, slash);
        } else continue;
        alive = true;
      }
      if (!alive) return false;
      [now, next] = [next, now];
    }
    return now[count] === 1;
  };
}

/** The first of the two halves in which strings hold characters such as emoji. */
function isFirstHalf(char: number): boolean {
  return char >= 0xd800 && char < 0xdc00;
}
