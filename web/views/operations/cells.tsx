// The cells that are more than a text: time, result, duration.
import { opClass } from '../../../shared/ops.ts';
import { resultOf, type Span } from '../../../shared/span.ts';
import { formatDuration, formatRelative, formatWall } from '../../../shared/units.ts';
import { Age } from '../../ui/age.tsx';
import { axisShare } from '../../ui/scale.ts';
import { BurnBar } from '../overview/open-list.tsx';
import { isSlow, isTrouble } from './slow.ts';

interface WhenProps {
  span: Span;
  atUs: number;
  /** Told from here; null: wall time. */
  anchorUs: number | null;
}

export function When({ span, atUs, anchorUs }: WhenProps) {
  const open = span.state === 'open';
  if (anchorUs !== null) {
    return <span className="n">{formatRelative((open ? span.startUs : atUs) - anchorUs).text}</span>;
  }
  const wall = formatWall(open ? span.startUs : atUs);
  return open ? (
    <>
      <i className="dim since">since </i>
      {wall.clock}
    </>
  ) : (
    <>
      <i className="dim">{wall.clock.slice(0, 6)}</i>
      {wall.clock.slice(6)}.{wall.ms}
      <i className="dim"> {wall.us}</i>
    </>
  );
}

export function Result({ span, ended }: { span: Span; ended: boolean }) {
  const result = ended ? 'ended' : resultOf(span);
  const tone =
    span.state === 'open' && !ended ? 'st strong' : isTrouble(span) ? 'er' : result === 'ok' ? 'dim' : 'sec';
  return <span className={tone}>{result}</span>;
}

export function OpenDuration({ span, ended }: { span: Span; ended: boolean }) {
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

export function DoneDuration({ span }: { span: Span }) {
  if (span.durationNs === null) return <span className="v dim">–</span>;
  const quantity = formatDuration(span.durationNs);
  return (
    <>
      <span className={isSlow(span.op, span.durationNs) ? 'v sl' : 'v'}>
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
