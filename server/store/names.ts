// Names by their ids, remembered up to a bound: pictures ask for the same few again and again.
import type { Database, Statement } from 'better-sqlite3';

const MAX_PATHS = 50_000;

export class Names {
  private readonly paths = new Map<number, string | null>();
  private readonly onePath: Statement<[number], string>;
  private readonly oneComm: Statement<[number], string | null>;
  private readonly oneMount: Statement<[number], string>;

  constructor(db: Database) {
    this.onePath = db.prepare('SELECT path FROM paths WHERE id = ?').pluck() as typeof this.onePath;
    this.oneComm = db
      .prepare('SELECT c.comm FROM spans s JOIN comms c ON c.id = s.comm_id WHERE s.id = ?')
      .pluck() as typeof this.oneComm;
    this.oneMount = db.prepare('SELECT mount FROM mounts WHERE id = ?').pluck() as typeof this.oneMount;
  }

  path(id: number): string | null {
    let text = this.paths.get(id);
    if (text === undefined) {
      text = this.onePath.get(id) ?? null;
      if (this.paths.size >= MAX_PATHS) this.paths.clear();
      this.paths.set(id, text);
    }
    return text;
  }

  /** Caller of a span. */
  comm(spanId: number): string | null {
    return this.oneComm.get(spanId) ?? null;
  }

  mount(id: number): string {
    return this.oneMount.get(id) ?? `#${id}`;
  }
}
