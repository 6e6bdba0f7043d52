// Cuts a byte stream into frames. Holds at most one frame's bytes; a frame larger than allowed is an error
// before any of it is kept.

import { WireError } from './batch-decoder.ts';
import { MAX_FRAME_BYTES } from './frames.ts';

export class FrameReader {
  readonly #onFrame: (type: number, payload: Uint8Array) => void;
  readonly #maxBytes: number;
  #rest: Uint8Array = new Uint8Array(0);
  /** Bytes of `#rest` that hold data; it grows by doubling, so a big frame in small chunks costs no square. */
  #held = 0;

  constructor(onFrame: (type: number, payload: Uint8Array) => void, maxBytes = MAX_FRAME_BYTES) {
    this.#onFrame = onFrame;
    this.#maxBytes = maxBytes;
  }

  /** Bytes waiting for the rest of their frame. */
  get pendingBytes(): number {
    return this.#held;
  }

  /**
   * Takes the next chunk and hands out every frame it completes. A payload is valid only during the call.
   * @throws WireError where a frame's length is impossible.
   */
  push(chunk: Uint8Array): void {
    const data = this.#held === 0 ? chunk : this.#append(chunk);
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    let at = 0;
    while (data.length - at >= 5) {
      const length = view.getUint32(at, true);
      if (length < 1 || length > this.#maxBytes) {
        throw new WireError(`frame of ${length} bytes; 1 to ${this.#maxBytes} are allowed`);
      }
      if (data.length - at < 4 + length) break;
      this.#onFrame(data[at + 4] ?? 0, data.subarray(at + 5, at + 4 + length));
      at += 4 + length;
    }
    this.#keep(data.subarray(at));
  }

  #append(chunk: Uint8Array): Uint8Array {
    const size = this.#held + chunk.length;
    if (size > this.#rest.length) {
      const grown = new Uint8Array(Math.max(size, this.#rest.length * 2));
      grown.set(this.#rest.subarray(0, this.#held));
      this.#rest = grown;
    }
    this.#rest.set(chunk, this.#held);
    this.#held = size;
    return this.#rest.subarray(0, size);
  }

  #keep(tail: Uint8Array): void {
    this.#held = 0;
    if (tail.length > 0) {
      if (tail.length > this.#rest.length) this.#rest = new Uint8Array(tail.length * 2);
      this.#rest.set(tail);
      this.#held = tail.length;
    }
  }
}
