// The state of a view in its URL: what is read from it and how it is written. Pure; see url/use.ts for React.
import { LANE_KINDS, type LaneKind } from '../../shared/timeline.ts';
import type { TimeRange } from '../api/queries.ts';

/** A column of the table of operations (`views/operations/columns.tsx`) and a direction. */
export type SpanOrder = `${string}:${'asc' | 'desc'}`;
const ORDER = /^[a-z]{1,20}:(asc|desc)$/;
/** Highlight rules at most; as many as there are colours for them. */
export const MOST_HIGHLIGHTS = 4;
export const WINDOWS = ['1m', '10m', '1h', 'all'] as const;
export type WindowName = (typeof WINDOWS)[number];
export const WINDOW_S: Readonly<Record<WindowName, number | null>> = {
  '1m': 60,
  '10m': 600,
  '1h': 3_600,
  all: null,
};

export interface ViewParams {
  filter: string;
  /** A past stretch; null while the view follows now. */
  range: TimeRange | null;
  order: SpanOrder;
  /** The operation in the inspector. */
  span: number | null;
  window: WindowName;
  /** The operation whose histogram is large. */
  op: string | null;
  table: boolean;
  /** What a lane of the timeline stands for. */
  lanes: LaneKind;
  /** How much of the past the timeline shows while it follows now. */
  lastS: number;
  /** The stretch of the timeline that is looked into. */
  selected: TimeRange | null;
  /** Moments that someone marked, µs. */
  marks: readonly number[];
  /** Filters whose rows are coloured, in the order of their colours. */
  highlights: readonly string[];
  /** What a view is divided by; null is its first way. */
  by: string | null;
  /** The path whose story is told, and the mount it is on. */
  path: string | null;
  mount: string | null;
  /** A stretch of time and durations marked on the heat map (`views/latency/brush.ts`). */
  brush: string | null;
  /** What is compared with (`views/latency/against.ts`). */
  against: string | null;
}

export const DEFAULT_PARAMS: ViewParams = {
  filter: '',
  range: null,
  order: 'start:desc',
  span: null,
  window: '10m',
  op: null,
  table: false,
  lanes: 'caller',
  lastS: 60,
  selected: null,
  marks: [],
  highlights: [],
  by: null,
  path: null,
  mount: null,
  brush: null,
  against: null,
};

/** Reads a query string; what cannot be read counts as absent. */
export function readParams(search: string): ViewParams {
  const params = new URLSearchParams(search);
  const fromUs = readTime(params.get('from'));
  const toUs = readTime(params.get('to'));
  const span = Number(params.get('span') ?? Number.NaN);
  const name = params.get('window');
  return {
    filter: params.get('filter') ?? '',
    range: fromUs === null && toUs === null ? null : { fromUs, toUs },
    order: ORDER.test(params.get('order') ?? '') ? (params.get('order') as SpanOrder) : DEFAULT_PARAMS.order,
    span: Number.isSafeInteger(span) && span >= 0 ? span : null,
    window: WINDOWS.find((known) => known === name) ?? DEFAULT_PARAMS.window,
    op: params.get('op'),
    table: params.get('as') === 'table',
    lanes: LANE_KINDS.find((kind) => kind === params.get('lanes')) ?? DEFAULT_PARAMS.lanes,
    lastS: readLast(params.get('last')),
    selected: readStretch(params.get('selected')),
    marks: (params.get('marks') ?? '')
      .split(' ')
      .map(readTime)
      .filter((us) => us !== null)
      .slice(0, MOST_MARKS),
    highlights: params.getAll('highlight').slice(0, MOST_HIGHLIGHTS),
    by: params.get('by'),
    path: params.get('path'),
    mount: params.get('mount'),
    brush: params.get('brush'),
    against: params.get('against'),
  };
}

/** The query string of a state, without what is default; with its `?`, or empty. */
export function writeParams(state: ViewParams): string {
  const params = new URLSearchParams();
  if (state.filter !== '') params.set('filter', state.filter);
  if (state.range?.fromUs != null) params.set('from', writeTime(state.range.fromUs));
  if (state.range?.toUs != null) params.set('to', writeTime(state.range.toUs));
  if (state.order !== DEFAULT_PARAMS.order) params.set('order', state.order);
  if (state.span !== null) params.set('span', String(state.span));
  if (state.window !== DEFAULT_PARAMS.window) params.set('window', state.window);
  if (state.op !== null) params.set('op', state.op);
  if (state.table) params.set('as', 'table');
  if (state.lanes !== DEFAULT_PARAMS.lanes) params.set('lanes', state.lanes);
  if (state.lastS !== DEFAULT_PARAMS.lastS) params.set('last', String(Number(state.lastS.toPrecision(4))));
  if (state.selected?.fromUs != null && state.selected.toUs != null) {
    params.set('selected', `${writeTime(state.selected.fromUs)} ${writeTime(state.selected.toUs)}`);
  }
  if (state.marks.length > 0) params.set('marks', state.marks.map(writeTime).join(' '));
  for (const mark of state.highlights) params.append('highlight', mark);
  for (const name of ['by', 'path', 'mount', 'brush', 'against'] as const) {
    if (state[name] !== null) params.set(name, state[name]);
  }
  const search = params.toString();
  return search === '' ? '' : `?${search}`;
}

const MOST_MARKS = 50;
const LONGEST_LAST_S = 30 * 86_400;

function readLast(text: string | null): number {
  const seconds = Number(text ?? Number.NaN);
  return seconds > 0 && seconds <= LONGEST_LAST_S ? seconds : DEFAULT_PARAMS.lastS;
}

function readStretch(text: string | null): TimeRange | null {
  const [fromUs, toUs] = (text ?? '').split(' ').map(readTime);
  return fromUs != null && toUs != null && fromUs < toUs ? { fromUs, toUs } : null;
}

/** RFC 3339 to the millisecond, or µs since the epoch as the API takes them. */
function readTime(text: string | null): number | null {
  if (text === null) return null;
  if (/^\d{1,16}(\.\d+)?$/.test(text)) return Number(text);
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms * 1_000;
}

function writeTime(us: number): string {
  const whole = Math.round(us);
  return whole % 1_000 === 0 ? new Date(whole / 1_000).toISOString() : String(whole);
}
