// The heads of the columns. Each puts the rows in order by itself and can be made wider: by its right edge, or with
// Shift and an arrow key. A live table is in order of time; asking for another order means the last ten minutes.
import type { RefObject } from 'react';
import type { SpanOrder } from '../../url/params.ts';
import { type Column, MIN_WIDTH } from './columns.tsx';
import { setWidth } from './layout.ts';

interface HeadProps {
  columns: readonly Column[];
  /** The path column's head, in the face of its paths: it is what their room is measured by. */
  pathRef: RefObject<HTMLSpanElement | null>;
  ranged: boolean;
  order: SpanOrder;
  onOrder: (order: SpanOrder) => void;
}

const STEP = 16;

export function Head({ columns, pathRef, ranged, order, onOrder }: HeadProps) {
  const [by, direction] = order.split(':');
  // Live rows stand in order of their end, whatever the URL says of ranges.
  const sorted = ranged ? by : 'end';
  return (
    <div role="rowgroup" className="thead-group">
      <div role="row" aria-rowindex={1} className="tr thead">
        <span role="columnheader">
          <span className="sr">Mark</span>
        </span>
        {columns.map((column) => {
          const isSorted = column.id === sorted;
          const down = !ranged || direction === 'desc';
          return (
            <span
              key={column.id}
              role="columnheader"
              data-head={column.id}
              className={column.className.replace(/\b(mono|dim|sec|ell)\b/g, '')}
              aria-sort={isSorted ? (down ? 'descending' : 'ascending') : 'none'}
            >
              {column.id === 'path' && <span className="path-measure" ref={pathRef} />}
              <button
                type="button"
                className={isSorted ? 'sorted' : ''}
                title={`Order by ${column.name}. Shift and arrows: width`}
                onClick={() => onOrder(`${column.id}:${isSorted && down && ranged ? 'asc' : 'desc'}`)}
                onKeyDown={(event) => widen(event, column.id)}
              >
                {column.name}
                {isSorted && (down ? ' ↓' : ' ↑')}
              </button>
              {column.id === 'duration' && (
                <span className="scale" aria-hidden="true">
                  <i>1 µs</i>
                  <i>100 s</i>
                </span>
              )}
              <Edge id={column.id} />
            </span>
          );
        })}
      </div>
    </div>
  );
}

function widen(event: React.KeyboardEvent<HTMLElement>, id: string): void {
  const by = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key];
  if (by === undefined || !event.shiftKey) return;
  event.preventDefault();
  event.stopPropagation();
  setWidth(id, widthOf(event.currentTarget) + by);
}

const widthOf = (element: Element) =>
  element.closest('[data-head]')?.getBoundingClientRect().width ?? MIN_WIDTH;

/** What the pointer takes hold of. Keys do the same on the head itself. */
function Edge({ id }: { id: string }) {
  return (
    <span
      className="edge"
      aria-hidden="true"
      onPointerDown={(event) => {
        event.preventDefault();
        const edge = event.currentTarget;
        const from = event.clientX;
        const width = widthOf(edge);
        edge.setPointerCapture(event.pointerId);
        edge.onpointermove = (move) => setWidth(id, width + move.clientX - from);
        edge.onpointerup = () => {
          edge.onpointermove = null;
        };
      }}
    />
  );
}
