// The sequence of snapshots of each group of stalls, for the store: one where something has changed, and now and then
// one where nothing has. Bounded for each group.
import type { Diagnosis } from '../../shared/diagnosis.ts';
import type { ProcessFacts } from '../../shared/examination.ts';
import type { StallSnapshot } from '../../shared/stall.ts';
import type { Snapshot } from './snapshot.ts';

const KEPT_OF_A_GROUP = 30;
/** One that tells nothing new. */
const SAME_AGAIN_US = 60e6;
const GROUPS = 1_000;
const PROCESSES = 12;
const THREADS = 24;
/** Of one process: they are long, and those of one pool are alike. */
const USER_STACKS = 8;

interface Kept {
  count: number;
  signature: string;
  takenUs: number;
}

export class Keeper {
  readonly #groups = new Map<number, Kept>();

  /** What is worth storing of a group now, or null. @param diagnosis of one of its stalls. */
  keep(groupId: number, diagnosis: Diagnosis, snapshot: Snapshot): StallSnapshot | null {
    if (!diagnosis.cause) return null;
    const processes = partsOf(diagnosis, snapshot);
    const { takenUs } = snapshot;
    const signature = signatureOf(diagnosis, processes);
    const known = this.#groups.get(groupId);
    if (known && known.count >= KEPT_OF_A_GROUP) return null;
    if (known && known.signature === signature && takenUs - known.takenUs < SAME_AGAIN_US) return null;
    this.#groups.delete(groupId);
    this.#groups.set(groupId, { count: (known?.count ?? 0) + 1, signature, takenUs });
    const [oldest] = this.#groups.keys();
    if (this.#groups.size > GROUPS && oldest !== undefined) this.#groups.delete(oldest);
    const { kind, text, confidence } = diagnosis.cause;
    return {
      takenUs,
      kind,
      text,
      confidence,
      waiting: diagnosis.waiting,
      processes,
      unread: snapshot.unread,
    };
  }
}

/** The processes of the chain, those that matter first. */
function partsOf({ chain, daemon }: Diagnosis, snapshot: Snapshot): ProcessFacts[] {
  const pids = new Set([...chain.map((one) => one.pid), daemon?.pid ?? null]);
  const telling = new Set(chain.map((one) => one.tid));
  return snapshot.processes
    .filter((one) => pids.has(one.pid))
    .slice(0, PROCESSES)
    .map((one) => ({
      ...one,
      threads: [...one.threads]
        .sort((a, b) => Number(telling.has(b.tid)) - Number(telling.has(a.tid)))
        .slice(0, THREADS)
        .map((thread, i) => (i < USER_STACKS ? thread : { ...thread, userStack: [] })),
    }));
}

function signatureOf({ cause, waiting }: Diagnosis, processes: readonly ProcessFacts[]): string {
  const states = processes.map((one) => [
    one.pid,
    one.state,
    one.threads.map((thread) => [thread.tid, thread.state, thread.wchan, thread.syscall?.name]),
  ]);
  return JSON.stringify([cause?.kind, cause?.text, waiting, states]);
}
