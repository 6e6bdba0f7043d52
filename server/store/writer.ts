// The writer thread: the only one that changes the database. Batches wait here in order until they are committed;
// where the disk does not take them they are tried again, less and less often, and the main thread is told.
import { dirname } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import type { Database } from 'better-sqlite3';
import { CodedError } from '../errors.ts';
import { BatchWriter } from './batch-writer.ts';
import { deviceOf, inodeOf, isBroken, openDatabase, releaseOwner, setAsideFile, sqliteCode } from './open.ts';
import type { Batch, FromWriter, ToWriter, WriterOptions } from './protocol.ts';

if (!parentPort) throw new Error('writer.ts is started by the store, as a worker');
const port = parentPort;
const options = workerData as WriterOptions;
const send = (message: FromWriter) => port.postMessage(message);

/** Rows of one transaction, unless a batch alone has more. */
const ROWS_A_TRANSACTION = 20_000;
const TIDY_EVERY_MS = 1_000;
const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 5_000;
/** Trouble of the disk, which may pass. Anything else is in the batch itself. */
const PASSING = /^SQLITE_(FULL|IOERR|READONLY|BUSY|LOCKED|CANTOPEN|NOMEM|PERM|AUTH|PROTOCOL|CORRUPT|NOTADB)/;

const nowS = () => Math.floor(Date.now() / 1_000);

class Writer {
  private writer: BatchWriter;
  private inode: number | null;
  private device: number | null;
  private readonly waiting: Batch[] = [];
  private failing: string | null = null;
  /** The handle itself may be of no more use, though the file is there: its disk was gone in between. */
  private suspect = false;
  private retryMs = FIRST_RETRY_MS;
  private retry: NodeJS.Timeout | null = null;
  private scheduled = false;
  private closing = false;
  private tidyAgain = false;
  private readonly tidyTimer: NodeJS.Timeout;

  constructor(db: Database, setAside: string | null) {
    this.writer = new BatchWriter(db, options);
    this.inode = options.named ? inodeOf(options.file) : null;
    this.device = options.named ? deviceOf(dirname(options.file)) : null;
    if (!options.again) this.writer.forgetBatches();
    send({ type: 'ready', found: this.writer.found(setAside) });
    this.tidyTimer = setInterval(() => {
      this.lookForFile();
      this.tidyAgain = true;
      this.schedule();
    }, TIDY_EVERY_MS);
  }

  receive(message: ToWriter): void {
    if (message.type === 'batch') this.waiting.push(message.batch);
    else if (message.type === 'strings') {
      this.attempt(() => this.writer.putStrings(message.strings, message.mounts));
    } else if (message.type === 'limits') {
      // Retention holds the same object.
      Object.assign(options, message.limits);
      this.tidyAgain = true;
    } else if (message.type === 'broken') this.renew(true);
    else this.closing = true;
    this.schedule();
  }

  private schedule(): void {
    if (this.scheduled || (this.retry && !this.closing)) return;
    this.scheduled = true;
    // After the messages that are already there: they may join one transaction.
    setImmediate(() => {
      this.scheduled = false;
      this.work();
    });
  }

  private work(): void {
    // Its handle is closed, or as good as that, until it is opened again.
    if (this.suspect && !this.closing) return;
    if (this.waiting.length > 0 && !this.suspect) this.writeNext();
    else if (this.tidyAgain && !this.failing) this.tidy();
    if (this.closing && (this.waiting.length === 0 || this.failing)) this.close();
    else if (this.waiting.length > 0 || this.tidyAgain) this.schedule();
  }

  private writeNext(): void {
    const batches: Batch[] = [];
    let rows = 0;
    for (const batch of this.waiting) {
      if (rows > 0 && rows + batch.rows > ROWS_A_TRANSACTION) break;
      batches.push(batch);
      rows += batch.rows;
    }
    if (!this.attempt(() => this.writer.write(batches, nowS()), batches)) return;
    this.waiting.splice(0, batches.length);
    const facts = this.writer.facts();
    for (const batch of batches) send({ type: 'written', number: batch.number, facts });
    if (facts.sizeBytes > options.maxBytes) this.tidy();
  }

  /** One step between two batches. */
  private tidy(): void {
    let more = false;
    this.attempt(() => {
      more = this.writer.tidy(nowS());
    });
    this.tidyAgain = more;
    if (!more && !this.failing) send({ type: 'facts', facts: this.writer.facts() });
  }

  /** True where it worked. Otherwise it has decided what happens: again later, a new file, or never. */
  private attempt(work: () => void, batches: readonly Batch[] = []): boolean {
    try {
      work();
      this.recovered();
      return true;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (isBroken(error)) this.renew(true);
      else if (!PASSING.test(sqliteCode(error))) {
        this.giveUp(batches, message);
        return false;
      }
      if (options.named && sqliteCode(error).startsWith('SQLITE_IOERR')) this.suspect = true;
      this.fail(message);
      return false;
    }
  }

  /** Several batches that do not go together may go one by one; one that does not go alone never will. */
  private giveUp(batches: readonly Batch[], message: string): void {
    for (const batch of batches) {
      this.waiting.shift();
      try {
        this.writer.write([batch], nowS());
        send({ type: 'written', number: batch.number, facts: this.writer.facts() });
      } catch (error) {
        if (PASSING.test(sqliteCode(error))) {
          this.waiting.unshift(batch);
          this.fail(message);
          return;
        }
        send({ type: 'given-up', number: batch.number, message });
      }
    }
  }

  private fail(message: string): void {
    if (this.failing !== message) send({ type: 'state', state: 'failing', message, reopens: this.suspect });
    this.failing = message;
    if (this.retry) return;
    this.retry = setTimeout(() => {
      this.retry = null;
      if (this.suspect) this.renew(false);
      else this.lookForFile();
      this.tidyAgain = true;
      this.schedule();
    }, this.retryMs);
    this.retryMs = Math.min(MAX_RETRY_MS, this.retryMs * 2);
  }

  private recovered(): void {
    this.retryMs = FIRST_RETRY_MS;
    if (this.failing === null) return;
    this.failing = null;
    send({ type: 'state', state: 'ok', message: null, reopens: false });
  }

  /** SQLite goes on writing into a file that was deleted or replaced; nobody would ever read it. */
  private lookForFile(): void {
    if (this.inode === null) return;
    let inode: number | null = null;
    try {
      inode = inodeOf(options.file);
    } catch {
      // Its disk does not answer: that will be told by the next write.
      return;
    }
    if (inode !== this.inode) this.renew(false);
  }

  private isOnDisk(): boolean {
    try {
      return deviceOf(dirname(options.file)) === this.device;
    } catch {
      // The folder went with the file: it is made anew.
      return true;
    }
  }

  /** Begins a new file; the main thread sends all names for it. */
  private renew(broken: boolean): void {
    // Without a name there is nothing to open: this thread ends, and another one begins anew.
    if (!options.named) throw new Error('the file of a trace in memory cannot be used any more');
    try {
      const old = this.writer.db;
      const before = this.inode;
      // What lies below the place where a disk is mounted is no place for a trace.
      if (this.device !== null && inodeOf(options.file) === null && !this.isOnDisk())
        throw new Error('its disk is not mounted any more');
      // Two handles would share what SQLite remembers of the file as it was before its disk went.
      if (this.suspect) closeQuietly(old);
      const setAside = broken ? setAsideFile(options.file) : null;
      const opened = openDatabase(options.file);
      this.writer = new BatchWriter(opened.db, options);
      this.inode = options.named ? inodeOf(options.file) : null;
      this.device = options.named ? deviceOf(dirname(options.file)) : null;
      this.suspect = false;
      closeQuietly(old);
      const name = setAside ?? opened.setAside;
      const message = name
        ? `the database could not be read any more and was set aside as ${name}; a new one was begun`
        : this.inode === before
          ? 'the database was opened again after an error of its disk'
          : 'the database file was removed or replaced; a new one was begun';
      send({ type: 'renewed', setAside: name, message });
    } catch (error) {
      this.suspect = true;
      this.fail(error instanceof Error ? error.message : String(error));
    }
  }

  private close(): void {
    clearInterval(this.tidyTimer);
    if (this.retry) clearTimeout(this.retry);
    try {
      releaseOwner(this.writer.db);
    } catch {
      // A disk that is full or gone: the next start finds this process dead.
    }
    closeQuietly(this.writer.db);
    port.close();
  }
}

/** A handle on a disk that is gone. */
function closeQuietly(db: Database): void {
  try {
    db.close();
  } catch {
    // It has nothing left that could be saved.
  }
}

try {
  const { db, setAside } = openDatabase(options.file);
  const writer = new Writer(db, setAside);
  port.on('message', (message: ToWriter) => writer.receive(message));
} catch (error) {
  const code = error instanceof CodedError ? error.code : 'FUSESCOPE_STORE';
  send({ type: 'refused', code, message: error instanceof Error ? error.message : String(error) });
}
