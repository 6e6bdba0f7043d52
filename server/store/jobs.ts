// Work of the reader thread that takes more than one answer: copies into recordings. Each is a generator that is
// asked for its next piece when the one before has been taken, so that nothing piles up.
import type { Database } from 'better-sqlite3';
import { CodedError } from '../errors.ts';
import { Copy, type CopyFacts } from '../recordings/copy.ts';
import { earliestAlive } from './earliest.ts';
import { FilterCompiler } from './filter-sql.ts';
import { openForCopies } from './open.ts';
import type { Job, JobAnswer } from './protocol.ts';

/** SQLite attaches ten databases to a connection; the eleventh copy is told to wait. */
const MAX_JOBS = 8;

interface Running {
  pieces: AsyncGenerator<CopyFacts>;
  close: () => void;
}

export class Jobs {
  private readonly running = new Map<number, Running>();
  private readonly db: Database;
  private readonly filters: FilterCompiler;
  private readonly clock: () => number;
  private next = 1;

  constructor(file: string, names: Database, clock: () => number) {
    // At once: the file of `:memory:` has no name afterwards.
    this.db = openForCopies(file);
    this.filters = new FilterCompiler(this.db, names);
    this.clock = clock;
  }

  /** Begins a job and answers its number. @throws CodedError FUSESCOPE_BUSY */
  begin(job: Job): number {
    if (this.running.size >= MAX_JOBS) {
      throw new CodedError(
        'FUSESCOPE_BUSY',
        `${MAX_JOBS} recordings are being made at this time. Stop one, or wait until one is done`,
      );
    }
    const copy = new Copy(this.db, this.filters, this.clock, job.target);
    const pieces =
      job.kind === 'follow'
        ? copy.follow(job.filter)
        : copy.range(job, job.fromUs === null ? null : earliestAlive(this.db, job.fromUs));
    const number = this.next++;
    this.running.set(number, { pieces, close: () => copy.close() });
    return number;
  }

  /** The next piece; `done` with null where there is none. */
  async step(number: number): Promise<JobAnswer> {
    const job = this.running.get(number);
    if (!job) throw new CodedError('FUSESCOPE_NOT_FOUND', 'this job has ended');
    const { value, done } = await job.pieces.next();
    return { done: done ?? false, piece: value ?? null };
  }

  async end(number: number): Promise<void> {
    const job = this.running.get(number);
    this.running.delete(number);
    await job?.pieces.return(undefined);
    job?.close();
  }

  close(): void {
    this.db.close();
  }
}
