// Work of the reader thread that takes more than one answer: copies into recordings, and exports. Each is a generator
// that is asked for its next piece when the one before has been taken, so that nothing piles up.
import type { Database } from 'better-sqlite3';
import { CodedError } from '../errors.ts';
import { exportPieces } from '../export/pieces.ts';
import { Copy } from '../recordings/copy.ts';
import { earliestAlive } from './earliest.ts';
import { FilterCompiler } from './filter-sql.ts';
import { openForCopies } from './open.ts';
import type { CopyJob, ExportJob, Job, JobAnswer, JobPiece } from './protocol.ts';

/** SQLite attaches ten databases to a connection; a ninth copy is told to wait. */
const MAX_COPIES = 8;
/** They share one thread with all questions. */
const MAX_EXPORTS = 8;

interface Running {
  kind: 'copy' | 'export';
  pieces: AsyncGenerator<JobPiece>;
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

  /** Begins a job and answers its number. @throws CodedError FUSESCOPE_BUSY, FUSESCOPE_FILTER */
  begin(job: Job): number {
    const number = this.next++;
    this.running.set(number, job.kind === 'export' ? this.exporting(job) : this.copying(job));
    return number;
  }

  private exporting(job: ExportJob): Running {
    this.mayBegin('export', MAX_EXPORTS, `${MAX_EXPORTS} exports are under way. Wait until one is done`);
    return {
      kind: 'export',
      pieces: exportPieces(this.db, this.filters, this.clock, job),
      close: () => {},
    };
  }

  private copying(job: CopyJob): Running {
    this.mayBegin(
      'copy',
      MAX_COPIES,
      `${MAX_COPIES} recordings are being made at this time. Stop one, or wait until one is done`,
    );
    const copy = new Copy(this.db, this.filters, this.clock, job.target);
    const pieces =
      job.kind === 'follow'
        ? copy.follow(job.filter)
        : copy.range(job, job.fromUs === null ? null : earliestAlive(this.db, job.fromUs));
    return { kind: 'copy', pieces, close: () => copy.close() };
  }

  private mayBegin(kind: Running['kind'], most: number, otherwise: string): void {
    const running = [...this.running.values()].filter((one) => one.kind === kind).length;
    if (running >= most) throw new CodedError('FUSESCOPE_BUSY', otherwise);
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
