// The heads of the columns. Order is fixed until asked for: a live table cannot be sorted, a range can.
import type { RefObject } from 'react';
import type { SpanOrder } from '../../url/params.ts';

interface HeadProps {
  /** The path column's head, in the face of its paths: it is what their room is measured by. */
  pathRef: RefObject<HTMLSpanElement | null>;
  ranged: boolean;
  order: SpanOrder;
  onOrder: (order: SpanOrder) => void;
}

export function Head({ pathRef, ranged, order, onOrder }: HeadProps) {
  const byDuration = order === 'duration:desc';
  return (
    <div role="rowgroup" className="thead-group">
      <div role="row" aria-rowindex={1} className="tr thead">
        <span role="columnheader">
          <span className="sr">Mark</span>
        </span>
        <span role="columnheader" aria-sort={byDuration ? 'none' : 'descending'}>
          {ranged ? (
            <button
              type="button"
              className={byDuration ? '' : 'sorted'}
              onClick={() => onOrder('start:desc')}
            >
              Started{byDuration ? '' : ' ↓'}
            </button>
          ) : (
            <span className="sorted">Ended ↓</span>
          )}
        </span>
        <span role="columnheader">Operation</span>
        <span role="columnheader" className="path-cell">
          <span className="path-measure" ref={pathRef} />
          Path in mount
        </span>
        <span role="columnheader">Result</span>
        <span role="columnheader" className="dur" aria-sort={byDuration ? 'descending' : 'none'}>
          <button
            type="button"
            className={`v ${byDuration ? 'sorted' : ''}`}
            onClick={() => onOrder('duration:desc')}
          >
            Duration{byDuration ? ' ↓' : ''}
          </button>
          <span className="scale" aria-hidden="true">
            <i>1 µs</i>
            <i>100 s</i>
          </span>
        </span>
        <span role="columnheader" className="detail">
          Detail
        </span>
        <span role="columnheader" className="caller">
          Caller
        </span>
        <span role="columnheader" className="mount-cell">
          Mount
        </span>
      </div>
    </div>
  );
}
