// The timeline of a range: reads its rows and names their lanes. A range holds what began in it and what reaches into
// it from before. An answer that would take too long ends early and says how far it got.
import type { Database, Statement } from 'better-sqlite3';
import { opName } from '../../shared/ops.ts';
import type {
  LaneKind,
  StoredTimeline,
  TimelineAnswer,
  TimelineLane,
  TimelineQuery,
} from '../../shared/timeline.ts';
import { CodedError } from '../errors.ts';
import { parseFilter } from '../filters.ts';
import type { FilterCompiler } from './filter-sql.ts';
import { Names } from './names.ts';
import { rangeOf } from './range.ts';
import { type Columns, OPEN, type Picture, PictureBuilder } from './timeline-picture.ts';
import { TimelineRows } from './timeline-rows.ts';

const EXACT_UP_TO = 3_000;
const MAX_SPANS = 8_000;
/** Callers are told apart as long as they can be: what one answer folds another may not. Of paths there are too many. */
const MAX_LANES: Readonly<Record<LaneKind, number>> = {
  caller: 1_500,
  daemon: 1_500,
  op: 1_500,
  path: 300,
  mount: 1_500,
};
/** An answer ends early after this long, or so many rows. */
const MAX_MS = 1_200;
const MAX_ROWS = 2_000_000;

/** What tells the lanes of a mount apart. `op` and `path` are ids of the row. */
const LANE_SQL: Readonly<Record<LaneKind, string>> = {
  caller: 'coalesce(s.tid, s.pid)',
  daemon: 's.daemon_tid',
  op: 's.op',
  path: 's.path_id',
  mount: '0',
};

type Row = [
  id: number,
  startNs: number,
  durationNs: number | null,
  op: number,
  errno: number | null,
  state: number,
  mountId: number,
  lane: number | null,
];

interface Lane {
  number: number;
  mountId: number;
  value: string | number | null;
  /** A row of it, by which its name is found. */
  rowId: number;
}

export class TimelineQueries {
  private readonly filters: FilterCompiler;
  private readonly rows: TimelineRows;
  private readonly names: Names;
  private readonly detail: Statement<[number], [queue: number | null, path: number | null, state: number]>;
  private readonly clock: () => number;

  constructor(db: Database, filters: FilterCompiler, clock: () => number) {
    this.filters = filters;
    this.rows = new TimelineRows(db);
    this.names = new Names(db);
    this.clock = clock;
    this.detail = db
      .prepare('SELECT queue_ns, path_id, state FROM spans WHERE id = ?')
      .raw() as typeof this.detail;
  }

  async timeline(query: TimelineQuery): Promise<StoredTimeline> {
    const { filter = '', lanes = 'caller', width = 1_000 } = query;
    const { fromUs, toUs } = stretchOf(query);
    const stepNs = Math.max(1, ((toUs - fromUs) * 1e3) / width);
    const where = this.filters.compile(parseFilter(filter), this.clock());
    const builder = new PictureBuilder();
    const table = new Map<string, Lane>();
    const pathOf = new Map<number, string>();
    let operations = 0;
    const take = (row: Row) => {
      const [id, startNs, durationNs, op, errno, state, mountId, value] = row;
      const lengthNs = state === 0 ? OPEN : (durationNs ?? 0);
      operations++;
      // What is shorter than a column belongs to the column it began in.
      if (startNs < 0 && lengthNs !== OPEN && lengthNs < stepNs) return;
      const lane = laneOf(table, mountId, lanes === 'path' ? this.pathText(pathOf, value) : value, id);
      builder.add(lane.number, mountId, id, startNs, lengthNs, op, errno ?? 0);
    };
    const coveredUs = await this.rows.read<Row>({
      select: `s.id, s.start_ns - ?, s.duration_ns, s.op, s.errno, s.state, s.mount_id, ${LANE_SQL[lanes]}`,
      fromUs,
      toUs,
      where,
      maxMs: MAX_MS,
      maxRows: MAX_ROWS,
      take,
    });
    const picture = builder.finish({
      columns: width,
      stepNs,
      exactUpTo: EXACT_UP_TO,
      maxSpans: MAX_SPANS,
      maxLanes: MAX_LANES[lanes],
    });
    const named = [...table.values()];
    return {
      fromUs,
      toUs,
      coveredUs,
      stepNs,
      exact: picture.exact,
      operations,
      lanes: picture.lanes.map(({ first, ...lane }) => this.laneView(lanes, named[first], lane)),
      ...this.contents(builder, picture),
    };
  }

  private pathText(known: Map<number, string>, id: number | null): string | null {
    if (id === null) return null;
    let text = known.get(id);
    if (text === undefined) {
      text = this.names.path(id) ?? '';
      known.set(id, text);
    }
    return text;
  }

  private laneView(
    kind: LaneKind,
    lane: Lane | undefined,
    totals: Omit<Picture['lanes'][number], 'first'>,
  ): TimelineLane {
    const mountId = lane?.mountId ?? 0;
    const folded = totals.folded > 0;
    const value = lane?.value ?? null;
    const thread = (kind === 'caller' || kind === 'daemon') && !folded ? (value as number | null) : null;
    const label = folded
      ? null
      : kind === 'caller'
        ? this.names.comm(lane?.rowId ?? 0)
        : kind === 'op' && value !== null
          ? opName(value as number)
          : kind === 'path'
            ? (value as string | null)
            : null;
    const key = folded ? `${mountId}:+` : `${mountId}:${value ?? '-'}`;
    return { key, mountId, mount: this.names.mount(mountId), label, thread, ...totals };
  }

  /** The arrays of the answer; what is drawn by itself is looked up once more for what only that needs. */
  private contents(builder: PictureBuilder, picture: Picture) {
    const names: string[] = [];
    const places = new Map<string, number>();
    const place = (name: string) => {
      const known = places.get(name);
      if (known !== undefined) return known;
      places.set(name, names.length);
      return names.push(name) - 1;
    };
    const spans: TimelineAnswer['spans'] = {
      id: [],
      lane: [],
      startNs: [],
      durationNs: [],
      queueNs: [],
      op: [],
      path: [],
      errno: [],
      state: [],
    };
    for (const row of picture.singles) {
      const id = builder.id.at(row);
      const [queueNs, pathId, state] = this.detail.get(id) ?? [null, null, 3];
      const path = pathId === null ? null : this.names.path(pathId);
      spans.id.push(id);
      spans.lane.push(picture.laneOf[builder.lane.at(row)] ?? 0);
      spans.startNs.push(builder.startNs.at(row));
      spans.durationNs.push(builder.durationNs.at(row));
      spans.queueNs.push(queueNs ?? -1);
      spans.op.push(place(opName(builder.op.at(row))));
      spans.path.push(path === null ? -1 : place(path));
      spans.errno.push(builder.errno.at(row));
      spans.state.push(state);
    }
    return { spans, columns: named(picture.columns, place), names };
  }
}

function named(columns: Columns, place: (name: string) => number): Columns {
  return { ...columns, op: columns.op.map((op) => place(opName(op))) };
}

function laneOf(
  table: Map<string, Lane>,
  mountId: number,
  value: string | number | null,
  rowId: number,
): Lane {
  const key = `${mountId}:${value}`;
  let lane = table.get(key);
  if (!lane) {
    lane = { number: table.size, mountId, value, rowId };
    table.set(key, lane);
  }
  return lane;
}

/** Both ends, which a picture cannot do without. @throws CodedError FUSESCOPE_TIME */
export function stretchOf(query: { from: string; to: string }): { fromUs: number; toUs: number } {
  const { fromUs, toUs } = rangeOf(query.from, query.to);
  if (fromUs === null || toUs === null || toUs <= fromUs) {
    throw new CodedError('FUSESCOPE_TIME', `to (${query.to}) has to be after from (${query.from})`);
  }
  return { fromUs, toUs };
}
