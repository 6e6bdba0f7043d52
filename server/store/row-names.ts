// Rows of spans for walks over many of them: with the numbers of their names instead of joins, each looked up once. Names
// are few beside spans, and a text that is met again is the same string.
import type { Database } from 'better-sqlite3';
import type { Args, Span } from '../../shared/span.ts';
import { type SpanRow, spanOf } from './decode.ts';

/** Names of a kind that are remembered; forgets all of them when there are more. */
const MOST = 50_000;

/** As SPAN_COLUMNS, with numbers where that one has names. */
export const NUMBERED_COLUMNS = `s.id, s.mount_id, s.mount_id, s.start_ns / 1000, s.start_ns % 1000, s.duration_ns,
  s.queue_ns, s.op, s.source, s.state, s.errno, s.path_id, s.new_path_id, s.comm_id, s.argument_id, s.nodeid, s.fh,
  s.file_offset, s.size, s.bytes, s.pid, s.tid, s.uid, s.gid, s.daemon_tid, s.request_unique`;
const [MOUNT, PATH, NEW_PATH, COMM, ARGS] = [2, 11, 12, 13, 14] as const;

export class RowNames {
  readonly #mount: (id: number) => string | null;
  readonly #path: (id: number) => string | null;
  readonly #comm: (id: number) => string | null;
  readonly #args: (id: number) => Args | null;

  constructor(db: Database) {
    const text = (sql: string) => {
      const one = db.prepare(sql).pluck();
      return remembered((id) => (one.get(id) as string | undefined) ?? null);
    };
    this.#mount = text('SELECT mount FROM mounts WHERE id = ?');
    this.#path = text('SELECT path FROM paths WHERE id = ?');
    this.#comm = text('SELECT comm FROM comms WHERE id = ?');
    const json = db.prepare('SELECT json FROM arguments WHERE id = ?').pluck();
    this.#args = remembered((id) => {
      const found = json.get(id) as string | undefined;
      return found === undefined ? null : (JSON.parse(found) as Args);
    });
  }

  /** The span of a row of NUMBERED_COLUMNS. Its arguments may be those of others too: they are only to be read. */
  span(row: unknown[]): Span {
    const args = row[ARGS] as number | null;
    row[MOUNT] = this.#mount(row[MOUNT] as number);
    if (row[PATH] !== null) row[PATH] = this.#path(row[PATH] as number);
    if (row[NEW_PATH] !== null) row[NEW_PATH] = this.#path(row[NEW_PATH] as number);
    if (row[COMM] !== null) row[COMM] = this.#comm(row[COMM] as number);
    row[ARGS] = null;
    const span = spanOf(row as unknown as SpanRow);
    if (args !== null) span.args = this.#args(args);
    return span;
  }
}

function remembered<T>(find: (id: number) => T): (id: number) => T {
  const known = new Map<number, T>();
  return (id) => {
    const found = known.get(id);
    if (found !== undefined) return found;
    const value = find(id);
    if (known.size >= MOST) known.clear();
    known.set(id, value);
    return value;
  };
}
