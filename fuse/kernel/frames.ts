// Cuts what the loader writes into frames. A frame that chunks of input split is put together; all others are read
// where they lie.
import { FRAME_HEADER } from './layout.ts';
import type { Bytes } from './record.ts';

export class FrameSplitter {
  readonly #frame: (type: number, bytes: Bytes, at: number, length: number) => void;
  #rest: Buffer = Buffer.alloc(0);

  /** @param frame called for each frame; its bytes are only valid until it returns. */
  constructor(frame: (type: number, bytes: Bytes, at: number, length: number) => void) {
    this.#frame = frame;
  }

  push(chunk: Buffer): void {
    const buffer = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    const bytes = { buffer, view: new DataView(buffer.buffer, buffer.byteOffset, buffer.length) };
    let at = 0;
    while (at + FRAME_HEADER <= buffer.length) {
      const length = bytes.view.getUint32(at, true);
      const next = at + FRAME_HEADER + length;
      if (next > buffer.length) break;
      this.#frame(bytes.view.getUint32(at + 4, true), bytes, at + FRAME_HEADER, length);
      at = next;
    }
    this.#rest = buffer.subarray(at);
  }
}
