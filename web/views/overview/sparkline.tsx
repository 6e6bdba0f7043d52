// Sixty seconds as columns, one path: cheap enough to be drawn for every mount each second.

interface SparklineProps {
  /** Oldest first. */
  values: readonly number[];
  columns: number;
  tone: 'plain' | 'error' | 'faint';
}

const HIGH = 24;
const STROKES = { plain: 'var(--ink-3)', error: 'var(--error-fill)', faint: 'var(--ink-4)' };

/** `d` of the columns, right-aligned; each 1 px wide, 2 px apart, as high as its share of the largest. */
export function sparkPath(values: readonly number[], columns: number): string {
  const per = Math.max(1, Math.ceil(values.length / columns));
  const sums: number[] = [];
  for (let end = values.length; end > 0 && sums.length < columns; end -= per) {
    sums.unshift(values.slice(Math.max(0, end - per), end).reduce((sum, value) => sum + value, 0));
  }
  const most = Math.max(...sums, 0);
  if (most === 0) return '';
  const left = columns - sums.length;
  return sums
    .map((sum, i) =>
      sum > 0 ? `M${(left + i) * 2 + 0.5} ${HIGH}v-${Math.max(1, Math.round((sum / most) * HIGH))}` : '',
    )
    .join('');
}

export function Sparkline({ values, columns, tone }: SparklineProps) {
  const width = columns * 2;
  return (
    <svg className="sparkline" width={width} height={HIGH + 1} shapeRendering="crispEdges" aria-hidden="true">
      <path d={`M0 ${HIGH + 0.5}H${width}`} stroke="var(--line-strong)" />
      <path d={sparkPath(values, columns)} stroke={STROKES[tone]} />
    </svg>
  );
}
