// Watches the first requests for what this kernel may tell otherwise than those the tap was made for. What it finds
// stands beside the mount; nothing is left out because of it, as each record says itself what it lacks.
import type { TapRecord } from './tap.ts';

/** Requests of each kind that are looked at. */
const ENOUGH = 100;

interface Check {
  doubt: string;
  applies(record: TapRecord): boolean;
  passes(record: TapRecord): boolean;
}

/** LOOKUP, MKDIR, UNLINK, RMDIR and CREATE are nothing without a name; RENAME needs two. */
const NAMED = new Set([1, 9, 10, 11, 35]);
const RENAMES = new Set([12, 45]);
const LOOKUP = 1;
const READ = 15;

const CHECKS: readonly Check[] = [
  {
    doubt: 'names of files cannot be read on this kernel',
    applies: (record) => NAMED.has(record.opcode) || RENAMES.has(record.opcode),
    passes: (record) => record.name !== null && (record.newName !== null || !RENAMES.has(record.opcode)),
  },
  {
    doubt: 'offsets and sizes cannot be read on this kernel',
    applies: (record) => record.opcode === READ,
    passes: (record) => typeof record.size === 'number' && record.size > 0,
  },
  {
    doubt: 'nodes of files cannot be read on this kernel, so paths stay unknown',
    applies: (record) => record.opcode === LOOKUP && record.kind === 'done' && record.errno === 0,
    passes: (record) => record.replyNodeid !== null,
  },
];

export class SelfTest {
  readonly doubts: string[] = [];
  #open = CHECKS.map((check) => ({ check, seen: 0 }));
  #numbered = 0;

  get over(): boolean {
    return this.#open.length === 0 && this.#numbered >= ENOUGH;
  }

  /** @param unnumbered the request had no number when it was sent. */
  see(record: TapRecord, unnumbered: boolean): void {
    if (this.#numbered < ENOUGH) {
      this.#numbered = unnumbered ? ENOUGH : this.#numbered + 1;
      if (unnumbered) this.doubts.push('this kernel numbers requests late; numbers are read when they end');
    }
    this.#open = this.#open.filter((one) => {
      if (!one.check.applies(record)) return true;
      if (!one.check.passes(record)) this.doubts.push(one.check.doubt);
      else if (++one.seen < ENOUGH) return true;
      return false;
    });
  }
}
