// One row of the table. Rows are kept by place on the screen, not by span: a new span in a place changes a few
// texts and builds nothing.
import { memo } from 'react';
import { opClass } from '../../../shared/ops.ts';
import type { Span } from '../../../shared/span.ts';
import { formatDuration, formatWall } from '../../../shared/units.ts';
import { Age } from '../../ui/age.tsx';
import { Caller } from '../../ui/caller.tsx';
import { PathText } from '../../ui/path.tsx';
import { axisShare } from '../../ui/scale.ts';
import { visible } from '../../ui/visible.ts';
import { BurnBar } from '../overview/open-list.tsx';
import { detailText } from './detail.ts';
import { endUs } from './model.ts';
import { isSlow, isTrouble, resultText, toneOf } from './slow.ts';

interface RowProps {
  span: Span;
  /** Place in the table, for those who cannot see it: the head is 1. */
  ariaRow: number;
  top: number | null;
  selected: boolean;
  /** Characters that the path column holds. */
  room: number;
  /** Which time the first column shows. */
  time: 'end' | 'start';
  /** A pinned operation that has ended since it was pinned. */
  ended?: boolean;
}

export const rowId = (id: number) => `op-${id}`;

export const Row = memo(function Row({ span, ariaRow, top, selected, room, time, ended }: RowProps) {
  const open = span.state === 'open';
  const wall = formatWall(time === 'end' && !open ? endUs(span) : span.startUs);
  const trouble = isTrouble(span);
  const slow = isSlow(span.op, span.durationNs);
  const result = ended ? 'ended' : resultText(span);
  return (
    <div
      role="row"
      id={rowId(span.id)}
      data-span={span.id}
      aria-rowindex={ariaRow}
      aria-selected={selected}
      className={`tr tone-${ended ? 'plain' : toneOf(span)}`}
      // `top` and no transform: forty transforms are forty nodes for the compositor to walk at each repaint.
      style={top === null ? undefined : { position: 'absolute', left: 0, right: 0, top }}
    >
      <span role="gridcell" className="mk" />
      <span role="gridcell" className="when-cell">
        {open ? (
          <>
            <i className="dim">since </i>
            {wall.clock}
          </>
        ) : (
          <>
            <i className="dim">{wall.clock.slice(0, 6)}</i>
            {wall.clock.slice(6)}.{wall.ms}
            <i className="dim"> {wall.us}</i>
          </>
        )}
      </span>
      <span role="gridcell" className="op">
        <i className={`c c-${opClass(span.op)}`} />
        {span.op}
      </span>
      <span role="gridcell" className="path-cell">
        <PathText path={span.path} room={room} />
      </span>
      <span role="gridcell" className={resultClass(result, trouble, open && !ended)}>
        {result}
      </span>
      <span role="gridcell" className="dur">
        {open ? (
          <OpenDuration span={span} ended={ended === true} />
        ) : (
          <DoneDuration span={span} slow={slow} />
        )}
      </span>
      <span role="gridcell" className="ell sec detail">
        {detailText(span)}
      </span>
      <span role="gridcell" className="ell caller">
        <Caller span={span} />
      </span>
      <span role="gridcell" className="ell mono dim mount-cell" title={visible(span.mount)}>
        {visible(span.mount)}
      </span>
    </div>
  );
});

function resultClass(result: string, trouble: boolean, open: boolean): string {
  if (open) return 'st strong';
  if (trouble) return 'er';
  return result === 'ok' ? 'dim' : 'sec';
}

function OpenDuration({ span, ended }: { span: Span; ended: boolean }) {
  if (ended) return <span className="v dim">–</span>;
  return (
    <>
      <span className="v st strong">
        <Age sinceUs={span.startUs} />
      </span>
      <BurnBar sinceUs={span.startUs} hot />
    </>
  );
}

function DoneDuration({ span, slow }: { span: Span; slow: boolean }) {
  if (span.durationNs === null) return <span className="v dim">–</span>;
  const quantity = formatDuration(span.durationNs);
  return (
    <>
      <span className={slow ? 'v sl' : 'v'}>
        {quantity.parts
          .map(
            (part, i) =>
              `${i > 0 ? ' ' : ''}${part.value}${i < quantity.parts.length - 1 ? ` ${part.unit}` : ''}`,
          )
          .join('')}
        <i className="u">{quantity.parts.at(-1)?.unit}</i>
      </span>
      <span className="bar">
        <i
          className={`b-${opClass(span.op)}`}
          style={{ width: `${Math.max(2, axisShare(span.durationNs) * 100)}%` }}
        />
      </span>
    </>
  );
}
