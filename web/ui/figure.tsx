// Figures in the page: values and their grey units, never wrapped apart. How they are written is shared/units.ts.
import { formatCompact, formatCount, formatDuration, type Quantity } from '../../shared/units.ts';

/** Values and units; zero is grey. */
export function Figure({ of }: { of: Quantity }) {
  return (
    <span className={of.text === '0' ? 'n dim' : 'n'}>
      {of.parts.map((part, i) => (
        <span key={part.unit}>
          {i > 0 && ' '}
          {part.value}
          {part.unit !== '' && <i className="u">{part.unit}</i>}
        </span>
      ))}
    </span>
  );
}

/** A duration in ns, or a grey dash where there is none. */
export function Duration({ ns }: { ns: number | null }) {
  return ns === null ? <None /> : <Figure of={formatDuration(ns)} />;
}

/** A count as gauges show it: in full below ten thousand. */
export function Gauge({ count }: { count: number | null }) {
  return count === null ? <None /> : <Figure of={gaugeCount(count)} />;
}

function gaugeCount(count: number): Quantity {
  return count >= 10 && count < 10_000 ? formatCount(Math.round(count)) : formatCompact(count);
}

/** What is not there. */
export function None() {
  return <span className="dim">–</span>;
}
