// The mounts of a collector as its servers must know them: announced before the first event that names them, gone
// behind the last one, told again to every new connection. Losses that the collector knows of go the same way.
import { FRAME, jsonFrame, type WireGone, type WireLoss, type WireMount } from '../../shared/wire/frames.ts';

/** Gone mounts that are told again to a new connection; a server that missed more of them asks nobody. */
const GONE_KEPT = 256;
/** Losses are joined by mount and cause, so this bounds mounts times causes. */
const LOSSES_KEPT = 1024;

interface Gone {
  frame: WireGone;
  /** Sequence number of the last event that may name the mount. */
  afterSeq: number;
  sent: boolean;
  /** No server needs the mount itself any more. */
  forgotten: boolean;
}

export class Roster {
  readonly #fixed: readonly WireMount[];
  readonly #mounts = new Map<number, WireMount>();
  readonly #changed = new Set<number>();
  readonly #losses = new Map<string, WireLoss>();
  #gone: Gone[] = [];

  /** @param fixed mounts that are there from the start to the end; read anew for each connection. */
  constructor(fixed: readonly WireMount[]) {
    this.#fixed = fixed;
  }

  /** True where nothing is left to be told on this connection once the events up to `seq` are written. */
  isQuiet(seq: number): boolean {
    return (
      this.#changed.size === 0 &&
      this.#losses.size === 0 &&
      !this.#gone.some((one) => !one.sent && one.afterSeq <= seq)
    );
  }

  announce(mount: WireMount): void {
    this.#mounts.set(mount.index, mount);
    this.#changed.add(mount.index);
  }

  /** @param afterSeq sequence number of the last event so far. */
  gone(frame: WireGone, afterSeq: number): void {
    this.#changed.delete(frame.index);
    this.#gone.push({ frame, afterSeq, sent: false, forgotten: false });
    for (const old of this.#gone.splice(0, Math.max(0, this.#gone.length - GONE_KEPT))) this.#forget(old);
  }

  loss(loss: WireLoss): void {
    const key = `${loss.index} ${loss.cause}`;
    const known = this.#losses.get(key);
    if (known) {
      known.count += loss.count;
      known.fromUs = Math.min(known.fromUs, loss.fromUs);
      known.toUs = Math.max(known.toUs, loss.toUs);
    } else if (this.#losses.size < LOSSES_KEPT) {
      this.#losses.set(key, { ...loss });
    }
  }

  /** What a new connection has to know before any event. @param lastSeq what its server has kept. */
  begin(lastSeq: number): Uint8Array[] {
    this.acknowledge(lastSeq);
    this.#changed.clear();
    for (const one of this.#gone) one.sent = false;
    return [...this.#fixed, ...this.#mounts.values()].map((mount) => jsonFrame(FRAME.MOUNT, mount));
  }

  /** The server keeps everything up to `seq`: no event that will be sent names a mount that was gone by then. */
  acknowledge(seq: number): void {
    for (const one of this.#gone) if (one.afterSeq <= seq) this.#forget(one);
  }

  /** The next frame to write, or null. @param writtenSeq last event written on this connection. */
  next(writtenSeq: number): Uint8Array | null {
    for (const index of this.#changed) {
      this.#changed.delete(index);
      return jsonFrame(FRAME.MOUNT, this.#mounts.get(index));
    }
    for (const [key, loss] of this.#losses) {
      this.#losses.delete(key);
      return jsonFrame(FRAME.LOSS, loss);
    }
    const gone = this.#gone.find((one) => !one.sent && one.afterSeq <= writtenSeq);
    if (!gone) return null;
    gone.sent = true;
    return jsonFrame(FRAME.GONE, gone.frame);
  }

  #forget(gone: Gone): void {
    if (!gone.forgotten) this.#mounts.delete(gone.frame.index);
    gone.forgotten = true;
  }
}
