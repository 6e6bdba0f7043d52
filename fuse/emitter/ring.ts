// Closed batches waiting to be sent and acknowledged. Of a fixed size: when full, the oldest is given up, so that
// the newest is kept, and the hole in the sequence numbers tells the server exactly how much is missing.

export interface SealedBatch {
  frame: Uint8Array;
  firstSeq: number;
  /** Sequence number of its last event. */
  lastSeq: number;
}

export class Ring {
  readonly #maxBatches: number;
  readonly #maxBytes: number;
  /** Oldest first; the first `#sent` of them are written and wait for their acknowledgement. */
  readonly #batches: SealedBatch[] = [];
  #sent = 0;
  #bytes = 0;
  #dropped = 0;
  /** Sequence numbers of batches given up after they were written; lost only if the server did not keep them. */
  #doubtFrom = 0;
  #doubtTo = 0;

  constructor(maxBatches: number, maxBytes: number) {
    this.#maxBatches = maxBatches;
    this.#maxBytes = maxBytes;
  }

  /** Events given up because the ring was full, as far as known: what was written counts at the next `resume`. */
  get dropped(): number {
    return this.#dropped;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Events held that no server has acknowledged. */
  get unacknowledged(): number {
    return this.#eventsFrom(0);
  }

  /** Events held that were not written on this connection. */
  get unsent(): number {
    return this.#eventsFrom(this.#sent);
  }

  push(batch: SealedBatch): void {
    this.#batches.push(batch);
    this.#bytes += batch.frame.length;
    while (this.#batches.length > this.#maxBatches || this.#bytes > this.#maxBytes) {
      if (this.#batches.length === 1) return;
      this.#giveUpOldest();
    }
  }

  /** The next batch to write, or null. It stays in the ring until acknowledged. */
  next(): SealedBatch | null {
    const batch = this.#batches[this.#sent];
    if (!batch) return null;
    this.#sent++;
    return batch;
  }

  /** The server keeps everything up to `seq`. */
  acknowledge(seq: number): void {
    for (let first = this.#batches[0]; first && first.lastSeq <= seq; first = this.#batches[0]) this.#shift();
  }

  /** A new connection, whose server has kept everything up to `lastSeq`: what lies behind is written again. */
  resume(lastSeq: number): void {
    this.acknowledge(lastSeq);
    this.#sent = 0;
    this.#dropped += Math.max(0, this.#doubtTo - Math.max(lastSeq, this.#doubtFrom - 1));
    this.#doubtFrom = 0;
    this.#doubtTo = 0;
  }

  #eventsFrom(index: number): number {
    const first = this.#batches[index];
    const last = this.#batches.at(-1);
    return first && last ? last.lastSeq - first.firstSeq + 1 : 0;
  }

  #giveUpOldest(): void {
    const wasSent = this.#sent > 0;
    const batch = this.#shift();
    if (!batch) return;
    if (!wasSent) {
      this.#dropped += batch.lastSeq - batch.firstSeq + 1;
    } else {
      if (this.#doubtFrom === 0) this.#doubtFrom = batch.firstSeq;
      this.#doubtTo = batch.lastSeq;
    }
  }

  #shift(): SealedBatch | undefined {
    const batch = this.#batches.shift();
    if (batch) this.#bytes -= batch.frame.length;
    if (this.#sent > 0) this.#sent--;
    return batch;
  }
}
