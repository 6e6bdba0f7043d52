// One row of the table. Rows are kept by place on the screen, not by span: a new span in a place changes a few
// texts and builds nothing.
import { memo } from 'react';
import type { Span } from '../../../shared/span.ts';
import type { Column, RowFacts } from './columns.tsx';
import { toneOf } from './slow.ts';

/** Which of an operation's two events a row shows; whole: both in one. */
export type RowPart = 'whole' | 'enter' | 'exit';

interface RowProps {
  span: Span;
  part: RowPart;
  columns: readonly Column[];
  /** Place in the table, for those who cannot see it: the head is 1. */
  ariaRow: number;
  top: number | null;
  selected: boolean;
  /** Column of the chosen cell, in the selected row. */
  cell: string | null;
  /** Characters that the path column holds. */
  room: number;
  mountRoom: number;
  anchorUs: number | null;
  /** A pinned operation that has ended since it was pinned. */
  ended?: boolean;
  /** Number of the highlight rule that it falls under. */
  mark: number | null;
}

export const rowId = (id: number, part: RowPart = 'whole') =>
  part === 'enter' ? `op-${id}-enter` : `op-${id}`;

/** What an ENTER does not know yet, and what an EXIT only repeats. */
const NOT_AT_ENTER = new Set(['result', 'duration', 'queue', 'bytes', 'daemon']);
const NOT_AT_EXIT = new Set(['detail', 'size']);

export const Row = memo(function Row(props: RowProps) {
  const { span, part, columns, ariaRow, top, selected, ended = false, mark } = props;
  const facts: RowFacts = {
    room: props.room,
    mountRoom: props.mountRoom,
    anchorUs: props.anchorUs,
    ended,
  };
  // An ENTER that is told apart is no news by itself: only the EXIT says how it went.
  const tone = ended || part === 'enter' ? 'plain' : toneOf(span);
  return (
    <div
      role="row"
      id={rowId(span.id, part)}
      data-span={span.id}
      aria-rowindex={ariaRow}
      aria-selected={selected}
      className={`tr tone-${tone} ${mark === null ? '' : `mark-${mark + 1}`} ${part === 'whole' ? '' : part}`}
      // `top` and no transform: forty transforms are forty nodes for the compositor to walk at each repaint.
      style={top === null ? undefined : { position: 'absolute', left: 0, right: 0, top }}
    >
      <span role="gridcell" className="mk">
        {mark !== null && (
          <b>
            <span className="sr">highlight </span>
            {mark + 1}
          </b>
        )}
      </span>
      {columns.map((column) => (
        <span
          key={column.id}
          role="gridcell"
          data-column={column.id}
          className={`${column.className} ${selected && column.id === props.cell ? 'cell' : ''}`}
        >
          {content(column, span, part, facts)}
        </span>
      ))}
    </div>
  );
});

function content(column: Column, span: Span, part: RowPart, facts: RowFacts): React.ReactNode {
  if (part === 'whole') return column.cell(span, facts);
  if (part === 'enter') {
    if (NOT_AT_ENTER.has(column.id)) return null;
    // The event's own time, in the column that is there.
    if (column.id === 'end') return column.cell({ ...span, durationNs: null }, facts);
    if (column.id === 'op') return withEvent(column.cell(span, facts), 'ENTER');
    return column.cell(span, facts);
  }
  if (NOT_AT_EXIT.has(column.id)) return null;
  if (column.id === 'op') return withEvent(column.cell(span, facts), 'EXIT');
  return column.cell(span, facts);
}

function withEvent(cell: React.ReactNode, event: 'ENTER' | 'EXIT'): React.ReactNode {
  return (
    <>
      {cell}
      <i>{event}</i>
    </>
  );
}
