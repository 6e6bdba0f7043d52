// When: latency over time, how many as a colour. A brush over it, by pointer or by arrow keys, selects operations.
import { useRef, useState } from 'react';
import { useStore } from 'zustand';
import type { HeatmapAnswer } from '../../../shared/api.ts';
import { formatCompact } from '../../../shared/units.ts';
import { shown } from '../../live/feed.ts';
import { shownNowUs } from '../../ui/age.tsx';
import { Canvas } from '../../ui/canvas.tsx';
import { type Brush, brushOf, movedBrush } from './brush.ts';
import { drawHeat, heatPoint } from './heat-draw.ts';
import { mostOf } from './heat-scale.ts';
import './heat.css';

interface HeatMapProps {
  heat: HeatmapAnswer;
  filtered: boolean;
  brush: Brush | null;
  onBrush: (brush: Brush) => void;
}

export function HeatMap({ heat, filtered, brush, onBrush }: HeatMapProps) {
  const open = useStore(shown, (state) => state.open);
  const most = mostOf(heat);
  return (
    <>
      <div className="hd">
        <h2>When</h2>
        <span>{filtered ? 'what the filter leaves' : 'all operations'}, time by log latency</span>
        <span className="sp" />
        {most > 0 && (
          <span
            className="ramp"
            role="img"
            aria-label={`Colours from 1 to ${formatCompact(most).text} operations in a cell`}
          >
            1
            <span>
              {[1, 2, 3, 4, 5, 6].map((i) => (
                <i key={i} style={{ background: `var(--heat-${i})` }} />
              ))}
            </span>
            {formatCompact(most).text}
          </span>
        )}
      </div>
      <Brushed heat={heat} brush={brush} onBrush={onBrush}>
        {(shownBrush) => (
          <Canvas
            label="Heat map of latency over time. The same numbers stand in a table: choose As tables."
            draw={(pen) => drawHeat(pen, heat, filtered ? [] : open, shownNowUs(), shownBrush)}
          />
        )}
      </Brushed>
    </>
  );
}

interface BrushedProps extends Omit<HeatMapProps, 'filtered'> {
  children: (brush: Brush | null) => React.ReactNode;
}

/** The picture with what it does to pointer and keys. */
function Brushed({ heat, brush, onBrush, children }: BrushedProps) {
  const from = useRef<{ us: number; ns: number } | null>(null);
  const [drawn, setDrawn] = useState<Brush | null>(null);
  const pointOf = (event: React.PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    return heatPoint(heat, { x: event.clientX - box.left, y: event.clientY - box.top }, box);
  };
  const end = (done: boolean) => {
    from.current = null;
    if (done && drawn) onBrush(drawn);
    setDrawn(null);
  };
  return (
    <div
      className="heat"
      role="application"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys move the brush
      tabIndex={0}
      aria-label="Brush of the heat map. Arrow keys move it, with Shift they size it, Escape lets it go."
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        from.current = pointOf(event);
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        if (from.current) setDrawn(between(heat, from.current, pointOf(event)));
      }}
      onPointerUp={() => end(true)}
      onPointerCancel={() => end(false)}
      onKeyDown={(event) => {
        const moved = brush
          ? movedBrush(heat, brush, event.key, event.shiftKey)
          : event.key.startsWith('Arrow')
            ? middleOf(heat)
            : null;
        if (!moved) return;
        event.preventDefault();
        onBrush(moved);
      }}
    >
      {children(drawn ?? brush)}
    </div>
  );
}

/** The cells between two points, both included. */
function between(
  heat: HeatmapAnswer,
  one: { us: number; ns: number },
  other: { us: number; ns: number },
): Brush {
  const column = ({ us }: { us: number }) => Math.floor((us - heat.fromUs) / heat.stepUs);
  const row = ({ ns }: { ns: number }) => heat.edgesNs.findLastIndex((edge) => edge <= ns);
  return brushOf(heat, { column: column(one), toColumn: column(other), row: row(one), toRow: row(other) });
}

/** Where a brush begins that nobody has drawn: the middle third, from 1 ms to 1 s. */
function middleOf(heat: HeatmapAnswer): Brush {
  const third = (heat.toUs - heat.fromUs) / 3;
  return between(heat, { us: heat.fromUs + third, ns: 1e6 }, { us: heat.toUs - third, ns: 1e9 });
}
