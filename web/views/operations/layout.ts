// Which columns are shown, how wide, and how times and rows are told: set by the reader, kept in the browser.
import { kept } from '../../ui/kept.ts';
import { COLUMNS, type Column, columnOf, MIN_FLEX, MIN_WIDTH } from './columns.tsx';

interface TableLayout {
  /** Ids in the order of the table. */
  columns: readonly string[];
  /** px by id, where it was changed. */
  widths: Readonly<Record<string, number>>;
  relative: boolean;
  /** Each operation as its two events. */
  pairs: boolean;
}

const USUAL: TableLayout = {
  columns: COLUMNS.filter(({ shown }) => shown).map(({ id }) => id),
  widths: {},
  relative: false,
  pairs: false,
};
const MAX_WIDTH = 900;

export const tableLayout = kept('operations-table', USUAL, readLayout);

/** What was stored, as far as it can be used. */
function readLayout(stored: unknown): TableLayout {
  const { columns, widths, relative, pairs } = (stored ?? {}) as Record<string, unknown>;
  const ids = Array.isArray(columns) ? columns.filter((id) => typeof id === 'string' && columnOf(id)) : [];
  const known = Object.entries(widths && typeof widths === 'object' ? widths : {}).filter(
    (entry): entry is [string, number] => Number.isFinite(entry[1]) && columnOf(entry[0]) !== undefined,
  );
  return {
    columns: ids.length === 0 ? USUAL.columns : inOrder(ids),
    widths: Object.fromEntries(known.map(([id, width]) => [id, clampWidth(width)])),
    relative: relative === true,
    pairs: pairs === true,
  };
}

const inOrder = (ids: readonly string[]) => COLUMNS.map(({ id }) => id).filter((id) => ids.includes(id));
const clampWidth = (width: number) => Math.round(Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, width)));

/** Shows a column or hides it; one always stays. */
export function toggleColumn(id: string): void {
  tableLayout.setState(({ columns, ...rest }) => {
    const next = columns.includes(id) ? columns.filter((one) => one !== id) : inOrder([...columns, id]);
    return { ...rest, columns: next.length === 0 ? columns : next };
  });
}

export function setWidth(id: string, width: number): void {
  tableLayout.setState(({ widths, ...rest }) => ({
    ...rest,
    widths: { ...widths, [id]: clampWidth(width) },
  }));
}

/** Columns and widths as they came. */
export function resetColumns(): void {
  tableLayout.setState((state) => ({ ...state, columns: USUAL.columns, widths: {} }));
}

export const shownColumns = ({ columns }: TableLayout): Column[] =>
  columns.map(columnOf).filter((column) => column !== undefined);

/** `grid-template-columns` of a row, its mark first, and the least width of all, px. */
export function gridOf(layout: TableLayout): { template: string; least: number } {
  let least = 18 + 14;
  const tracks = shownColumns(layout).map((column) => {
    const width = layout.widths[column.id] ?? column.width;
    least += (width ?? MIN_FLEX) + 10;
    return width === null ? `minmax(${MIN_FLEX}px, 1fr)` : `${width}px`;
  });
  // Where no column takes the rest, an empty one does: rows reach across.
  const flexible = tracks.some((track) => track.endsWith('1fr)'));
  return { template: ['18px', ...tracks, ...(flexible ? [] : ['1fr'])].join(' '), least };
}
