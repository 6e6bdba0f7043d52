// Bytes to lines: never more than one line is held, and a line that is too long is left out and said so. Compressed
// input (gzip, zstd) is known by its first bytes.
import { isUtf8 } from 'node:buffer';
import type { Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { textOf } from './values.ts';

const NEWLINE = 10;
/** Longest line; a longer one is rejected whole without being kept. */
export const MAX_LINE_BYTES = 1024 * 1024;

export class LineCutter {
  readonly #onLine: (line: string) => void;
  readonly #onTooLong: () => void;
  #rest: Buffer[] = [];
  #restBytes = 0;
  #skipping = false;

  constructor(onLine: (line: string) => void, onTooLong: () => void) {
    this.#onLine = onLine;
    this.#onTooLong = onTooLong;
  }

  push(chunk: Buffer): void {
    const last = chunk.lastIndexOf(NEWLINE);
    if (last === -1) {
      this.#keep(chunk);
      return;
    }
    let from = 0;
    if (this.#restBytes > 0 || this.#skipping) {
      const first = chunk.indexOf(NEWLINE);
      this.#keep(chunk.subarray(0, first));
      this.#finish();
      from = first + 1;
    }
    if (from <= last) this.#many(chunk.subarray(from, last));
    this.#keep(chunk.subarray(last + 1));
  }

  /** The stream is over; its last line may lack a newline. */
  end(): void {
    if (this.#restBytes > 0 || this.#skipping) this.#finish();
  }

  /** Whole lines, decoded at once: that costs a fraction of decoding each. */
  #many(bytes: Buffer): void {
    if (bytes.length > MAX_LINE_BYTES || !isUtf8(bytes)) {
      this.#each(bytes);
      return;
    }
    const text = bytes.toString('utf8');
    let from = 0;
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', from)) {
      this.#onLine(text.slice(from, at));
      from = at + 1;
    }
    this.#onLine(text.slice(from));
  }

  #each(bytes: Buffer): void {
    let from = 0;
    for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, from)) {
      this.#one(bytes.subarray(from, at));
      from = at + 1;
    }
    this.#one(bytes.subarray(from));
  }

  #one(line: Buffer): void {
    if (line.length > MAX_LINE_BYTES) this.#onTooLong();
    else this.#onLine(textOf(line));
  }

  #keep(part: Buffer): void {
    if (part.length === 0 || this.#skipping) return;
    this.#restBytes += part.length;
    if (this.#restBytes > MAX_LINE_BYTES) {
      this.#skipping = true;
      this.#rest = [];
    } else this.#rest.push(part);
  }

  #finish(): void {
    const skipped = this.#skipping;
    const line = this.#rest.length === 1 ? this.#rest[0] : Buffer.concat(this.#rest);
    this.#rest = [];
    this.#restBytes = 0;
    this.#skipping = false;
    if (skipped) this.#onTooLong();
    else this.#onLine(textOf(line ?? Buffer.alloc(0)));
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: escapes of colours are what is looked for.
const ANSI = /\u001b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g;

/** A line without colours and without the CR of CRLF. */
export function cleanLine(line: string): string {
  const text = line.endsWith('\r') ? line.slice(0, -1) : line;
  return text.includes('\u001b') ? text.replace(ANSI, '') : text;
}

/** What unpacks a stream that begins with these bytes; null where it is not packed. */
export function unpackerOf(first: Buffer): Transform | null {
  if (first[0] === 0x1f && first[1] === 0x8b) return createGunzip();
  if (first.length >= 4 && first.readUInt32LE(0) === 0xfd2fb528) return createZstdDecompress();
  return null;
}
