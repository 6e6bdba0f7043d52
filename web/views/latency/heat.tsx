// When: latency over time, how many as a colour.
import { useStore } from 'zustand';
import type { HeatmapAnswer } from '../../../shared/api.ts';
import { formatCompact } from '../../../shared/units.ts';
import { shown } from '../../live/feed.ts';
import { shownNowUs } from '../../ui/age.tsx';
import { Canvas } from '../../ui/canvas.tsx';
import { drawHeat } from './heat-draw.ts';
import { mostOf } from './heat-scale.ts';

export function HeatMap({ heat, filtered }: { heat: HeatmapAnswer; filtered: boolean }) {
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
      <div className="heat">
        <Canvas
          label="Heat map of latency over time. The same numbers stand in a table: choose As tables."
          draw={(pen) => drawHeat(pen, heat, filtered ? [] : open, shownNowUs())}
        />
      </div>
    </>
  );
}
