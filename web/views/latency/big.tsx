// The chosen operation: counts over latency, both logarithmic, with percentile lines and what is still open.

import { useLayoutEffect, useRef, useState } from 'react';
import {
  Area,
  AreaChart,
  CartesianGrid,
  ReferenceDot,
  ReferenceLine,
  ResponsiveContainer,
  XAxis,
  YAxis,
} from 'recharts';
import { Link } from 'wouter';
import type { HistogramAnswer } from '../../../shared/api.ts';
import { formatCompact, formatCount, formatDuration } from '../../../shared/units.ts';
import { AXIS_TICKS, axisShare, BURNS_FROM_MS, binOnAxis } from '../../ui/scale.ts';
import { visible } from '../../ui/visible.ts';
import { barToken, type HistogramKind, nameOf } from './kinds.ts';
import { type PercentileLine, percentileLines } from './percentiles.ts';

const BINS = 140;
const LEFT = 38;
const RIGHT = 14;
/** A bar of one operation must still stand on the axis, so the axis begins a little below one. */
const FLOOR = 0.6;
const LABELS = new Map(AXIS_TICKS.map(([ns, label]) => [axisShare(ns) * BINS, label]));
const THRESHOLD_SHARE = axisShare(1e9);

interface BigHistogramProps {
  kind: HistogramKind;
  histogram: HistogramAnswer;
  /** What it is compared with: an outline, scaled to as many operations. */
  outline: { of: HistogramAnswer; name: string } | null;
  /** Its operations as rows, where a filter leaves just these. */
  href: string | null;
}

export function BigHistogram({ kind, histogram, outline, href }: BigHistogramProps) {
  const box = useRef<HTMLElement>(null);
  const [width, setWidth] = useState(560);
  useLayoutEffect(() => {
    if (!box.current) return;
    const observer = new ResizeObserver(
      ([entry]) => entry && setWidth(entry.contentRect.width - LEFT - RIGHT),
    );
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  const counts = binOnAxis(histogram.buckets, BINS);
  const scale = outline ? histogram.count / Math.max(1, outline.of.count) : 0;
  const others = outline ? binOnAxis(outline.of.buckets, BINS).map((count) => count * scale) : [];
  // The last point closes the last step.
  const data = [...counts, 0].map((count, x) => ({
    x,
    count: Math.max(FLOOR, count),
    other: Math.max(FLOOR, others[x] ?? 0),
  }));
  const most = Math.max(10, ...counts, ...others);
  const decades = Array.from({ length: Math.floor(Math.log10(most)) + 1 }, (_, i) => 10 ** i);
  const open = histogram.open > 0 ? `, ${formatCount(histogram.open).text} open` : '';
  return (
    <>
      <div className="hd">
        <h2 className={kind.isPath ? 'mono ell' : 'ell'}>{nameOf(kind, histogram.key)}</h2>
        <span className="of">
          {formatCount(histogram.count).text} ended{open}, log count by log time
        </span>
        <span className="sp" />
        {outline && <span className="ell">outline: {visible(outline.name)}, scaled to as many</span>}
        {href !== null && (
          <Link className="link" href={href}>
            As rows
          </Link>
        )}
      </div>
      <figure className="big" ref={box} role="img" aria-label={describe(kind, histogram)}>
        <ResponsiveContainer width="100%" height="100%">
          <AreaChart
            data={data}
            margin={{ top: 34, right: RIGHT, bottom: 0, left: 0 }}
            accessibilityLayer={false}
          >
            <CartesianGrid stroke="var(--grid)" />
            <XAxis
              type="number"
              dataKey="x"
              domain={[0, BINS]}
              ticks={[...LABELS.keys()]}
              tickFormatter={(x: number) => LABELS.get(x) ?? ''}
              tick={TICK}
              tickLine={false}
              stroke="var(--line-strong)"
              height={22}
              interval={0}
            />
            <YAxis
              scale="log"
              domain={[FLOOR, most * 1.6]}
              ticks={decades}
              tickFormatter={(count: number) => formatCompact(count).text}
              tick={TICK}
              tickLine={false}
              axisLine={false}
              width={LEFT}
              allowDataOverflow
            />
            {/* One path: as many bars would be as many elements, and the chart is drawn anew every few seconds. */}
            <Area
              type="stepAfter"
              dataKey="count"
              baseValue={FLOOR}
              stroke="none"
              fill={`var(--${barToken(kind, histogram.key)})`}
              fillOpacity={0.9}
              isAnimationActive={false}
              activeDot={false}
            />
            {outline && (
              <Area
                type="stepAfter"
                dataKey="other"
                baseValue={FLOOR}
                stroke="var(--ink-2)"
                strokeWidth={1}
                fill="none"
                isAnimationActive={false}
                activeDot={false}
              />
            )}
            {percentileLines(histogram, width).map((line) => (
              <ReferenceLine
                key={line.name}
                x={line.share * BINS}
                stroke="var(--ink)"
                label={labelOf(line)}
              />
            ))}
            {histogram.oldestOpenMs !== null &&
              histogram.oldestOpenMs > BURNS_FROM_MS &&
              openMarks(histogram.oldestOpenMs, most)}
          </AreaChart>
        </ResponsiveContainer>
      </figure>
    </>
  );
}

const TICK = { fill: 'var(--ink-3)', fontSize: 10 };

function labelOf(line: PercentileLine) {
  return {
    value: line.text,
    position: line.side === 'left' ? ('insideTopRight' as const) : ('insideTopLeft' as const),
    fill: 'var(--ink-2)',
    fontSize: 11,
    offset: 5,
    dy: -21 - line.row * 15,
  };
}

/** What has not ended stands in no bar: it is a spark in the tail, with its age. Recharts wants its own children. */
function openMarks(oldestMs: number, most: number) {
  const x = axisShare(oldestMs * 1e6) * BINS;
  const from = Math.min(THRESHOLD_SHARE * BINS, x);
  const y = Math.min(2, most);
  return [
    <ReferenceLine
      key="fuse"
      segment={[
        { x: from, y },
        { x, y },
      ]}
      stroke="var(--stalled-fill)"
      strokeWidth={3}
    />,
    <ReferenceDot
      key="spark"
      x={x}
      y={y}
      r={4}
      fill="var(--stalled-fill)"
      stroke="var(--spark-core)"
      strokeWidth={1.5}
      label={{
        value: `oldest open ${formatDuration(oldestMs * 1e6).text}`,
        position: 'top',
        textAnchor: 'end',
        fill: 'var(--stalled)',
        fontSize: 11,
        fontWeight: 600,
        // It may stand on the bars.
        stroke: 'var(--bg)',
        strokeWidth: 4,
        paintOrder: 'stroke',
      }}
    />,
  ];
}

function describe(kind: HistogramKind, histogram: HistogramAnswer): string {
  const figures = percentileLines(histogram, Number.POSITIVE_INFINITY).map((line) => line.text);
  const open = histogram.open > 0 ? ` ${histogram.open} are still open.` : '';
  const name = nameOf(kind, histogram.key);
  const whose = kind.by === 'op' ? `${name} operations` : `operations, ${kind.name.toLowerCase()} ${name}`;
  return `Latency of ${histogram.count} ${whose}: ${figures.join(', ')}.${open} The same figures stand in the list below.`;
}
