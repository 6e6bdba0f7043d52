// Where in a JSON text a value stands, so that an error can name line and column. Pure. The text is known to be JSON.

/** Line and column, from 1. */
export interface Position {
  line: number;
  column: number;
}

/** Of an offset in the text. */
export function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

/** Of the value a JSON pointer leads to, its name where it has one; of the innermost that there is. */
export function positionOf(text: string, pointer: string): Position {
  const path = pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  return positionAt(text, new Walk(text).find(path));
}

class Walk {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Offset of what the path leads to. */
  find(path: readonly string[]): number {
    this.#space();
    let found = this.#at;
    for (const part of path) {
      const next = this.#text[this.#at] === '{' ? this.#member(part) : this.#element(Number(part));
      if (next === null) break;
      found = next;
    }
    return found;
  }

  /** Goes to the value of a member. @returns offset of its name */
  #member(name: string): number | null {
    if (this.#text[this.#at] !== '{') return null;
    this.#at++;
    for (;;) {
      this.#space();
      if (this.#text[this.#at] !== '"') return null;
      const start = this.#at;
      this.#skip();
      const found = JSON.parse(this.#text.slice(start, this.#at)) === name;
      this.#space();
      this.#at++;
      this.#space();
      if (found) return start;
      if (!this.#next()) return null;
    }
  }

  #element(index: number): number | null {
    if (this.#text[this.#at] !== '[') return null;
    this.#at++;
    for (let i = 0; ; i++) {
      this.#space();
      if (this.#text[this.#at] === ']') return null;
      if (i === index) return this.#at;
      if (!this.#next()) return null;
    }
  }

  /** Over the value and the comma behind it. False at the last. */
  #next(): boolean {
    this.#skip();
    this.#space();
    return this.#text[this.#at++] === ',';
  }

  /** Over one value. */
  #skip(): void {
    let depth = 0;
    do {
      const char = this.#text[this.#at];
      if (char === '"') this.#string();
      else if (char === '{' || char === '[') depth++;
      else if (char === '}' || char === ']') depth--;
      if (char !== '"') this.#at++;
      while (depth === 0 && /[\w.+-]/.test(this.#text[this.#at] ?? '') && /[\w.+-]/.test(char ?? ''))
        this.#at++;
    } while (depth > 0 && this.#at < this.#text.length);
  }

  #string(): void {
    for (this.#at++; this.#text[this.#at] !== '"'; this.#at++) if (this.#text[this.#at] === '\\') this.#at++;
    this.#at++;
  }

  #space(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at++;
  }
}
