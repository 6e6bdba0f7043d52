// The strip under the tabs: state of the trace, ten minutes of it, gauges. Dragging over it sets a range.
import { useEffect, useReducer, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import { useStore } from 'zustand';
import type { TimeRange } from '../api/queries.ts';
import { clock } from '../live/clock.ts';
import { live, reconnectNow, togglePause } from '../live/feed.ts';
import { frames } from '../live/frames.ts';
import { recordingSince } from '../recordings/recorder.ts';
import { RecordingSign } from '../recordings/sign.tsx';
import { Age } from '../ui/age.tsx';
import { Canvas } from '../ui/canvas.tsx';
import { Gauge, None } from '../ui/figure.tsx';
import { visible } from '../ui/visible.ts';
import { operationsHref, useViewParams } from '../url/use.ts';
import { framed } from './framed.ts';
import { drawStrip, stripScale } from './strip-draw.ts';
import { timeState } from './time-state.ts';
import './strip.css';

const RANGE_VIEWS = ['/timeline', '/operations', '/latency'];
const SHORTEST_DRAG_PX = 4;

export function Strip() {
  const [params, change] = useViewParams();
  const [path, navigate] = useLocation();
  const ranged = RANGE_VIEWS.includes(path) ? params.range : null;
  const setRange = (range: TimeRange | null) => {
    if (RANGE_VIEWS.includes(path)) change({ range, span: null });
    else navigate(operationsHref({ range }));
  };
  return (
    <section className="strip" aria-label="Time">
      <TimePill range={ranged} onLive={() => setRange(null)} />
      <StripPicture range={ranged} onRange={setRange} />
      <Gauges />
    </section>
  );
}

function TimePill({ range, onLive }: { range: TimeRange | null; onLive: () => void }) {
  const [, again] = useReducer((n: number) => n + 1, 0);
  const state = useStore(live);
  // The retry countdown and the clock in the words move without any frame from the server.
  useEffect(() => frames.beat(1_000, again), []);
  const anything = state.mounts.length > 0 || (state.gauges?.store.spans ?? 0) > 0;
  const there = state.mounts.filter((mount) => mount.state !== 'gone');
  const outside = there.length > 0 && there.every((mount) => mount.tier === 'proc');
  const now = timeState({ ...state, range, anything, outside, nowUs: clock.nowUs() });
  return (
    <div className="when">
      <div className="row">
        <span className={`pill ${now.kind}`} role="status">
          <span className="mark" />
          <span className="words" title={now.title}>
            {visible(now.title)}
          </span>
        </span>
        {now.kind === 'gone' && <Control onClick={reconnectNow} text="Try now" />}
        {now.kind === 'range' && <Control onClick={onLive} text="Go live" hint="l" />}
        {now.kind === 'recording' && (
          <a className="btn sm ghost" href="/">
            Close
          </a>
        )}
        {now.kind === 'recording' && state.recording?.state === 'recording' && (
          <Control onClick={() => location.reload()} text="Look again" />
        )}
        {now.kind === 'paused' && <Control onClick={togglePause} text="Resume" hint="Space" />}
        {(now.kind === 'live' || now.kind === 'behind') && (
          <Control onClick={togglePause} text="Pause" hint="Space" />
        )}
      </div>
      <div className="txt">{now.text}</div>
    </div>
  );
}

function Control({ onClick, text, hint }: { onClick: () => void; text: string; hint?: string }) {
  return (
    <button type="button" className="btn sm ghost" onClick={onClick}>
      {text}
      {hint && <kbd>{hint}</kbd>}
    </button>
  );
}

function StripPicture({ range, onRange }: { range: TimeRange | null; onRange: (range: TimeRange) => void }) {
  const box = useRef<HTMLDivElement>(null);
  const [drag, setDrag] = useState<{ fromX: number; toX: number } | null>(null);
  const recording = useStore(live, (state) => state.recording);
  const lengthUs = recording === null ? null : Math.max(1e6, (recording.toUs - recording.fromUs) * 1.01);
  const scaleNow = () => stripScale(box.current?.clientWidth ?? 1, clock.nowUs(), lengthUs);
  const dragged = (): TimeRange | null => {
    if (!drag || Math.abs(drag.toX - drag.fromX) < SHORTEST_DRAG_PX) return null;
    const scale = scaleNow();
    const [a, b] = [scale.us(drag.fromX), scale.us(drag.toX)];
    // Whole milliseconds read well in a URL, and a strip's pixel is half a second.
    return { fromUs: Math.round(Math.min(a, b) / 1e3) * 1e3, toUs: Math.round(Math.max(a, b) / 1e3) * 1e3 };
  };
  const at = (event: React.PointerEvent) => event.clientX - (box.current?.getBoundingClientRect().left ?? 0);
  return (
    <div
      className="strip-pic"
      ref={box}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        setDrag({ fromX: at(event), toX: at(event) });
      }}
      onPointerMove={(event) => drag && setDrag({ ...drag, toX: at(event) })}
      onPointerUp={() => {
        const chosen = dragged();
        setDrag(null);
        if (chosen) onRange(chosen);
      }}
      onPointerCancel={() => setDrag(null)}
    >
      <Canvas
        label="Operations per second over the last ten minutes, with errors, stalls and gaps. The gauges beside it tell the present."
        everyMs={500}
        draw={(pen) => {
          const state = live.getState();
          drawStrip(pen, {
            ...state,
            nowUs: clock.nowUs(),
            silentSinceUs: state.link.kind === 'down' ? state.link.sinceMs * 1e3 : null,
            range: dragged() ?? unlessWhole(framed.getState().range ?? range, recording),
            lengthUs,
            recordingSinceUs: recording === null ? recordingSince() : null,
            waiting: state.seconds.every((second) => second.ops === 0) && state.stalls.length === 0,
          });
        }}
      />
    </div>
  );
}

/** What is all of a recording needs no frame. */
function unlessWhole(range: TimeRange | null, recording: { fromUs: number; toUs: number } | null) {
  if (range === null || recording === null) return range;
  const { fromUs, toUs } = range;
  const whole = (fromUs ?? 0) <= recording.fromUs && (toUs ?? Number.POSITIVE_INFINITY) >= recording.toUs;
  return whole ? null : range;
}

function Gauges() {
  const gauges = useStore(live, (state) => state.gauges);
  const away = useStore(live, (state) => state.link.kind === 'down');
  const gapCount = useStore(live, (state) => state.gaps.length);
  const stalled = useStore(live, (state) => state.stalls.length > 0);
  const oldest = useStore(live, (state) => state.open[0]?.startUs ?? state.stalls[0]?.span.startUs ?? null);
  const known = away ? null : gauges;
  return (
    <dl className="gauges">
      <RecordingSign />
      <div>
        <dt>op/s</dt>
        <dd>
          <Gauge count={known?.opsPerS ?? null} />
        </dd>
      </div>
      <div>
        <dt>in flight</dt>
        <dd>
          <Gauge count={known?.inflight ?? null} />
        </dd>
      </div>
      <div className="oldest">
        <dt>oldest open</dt>
        <dd className={stalled ? 'st' : ''}>{oldest === null ? <None /> : <Age sinceUs={oldest} />}</dd>
      </div>
      <div className="lost">
        <dt>{gapCount > 0 ? `lost, ${gapCount} ${gapCount === 1 ? 'gap' : 'gaps'}` : 'lost'}</dt>
        <dd className={known && known.lost > 0 ? 'sl' : ''}>
          <Gauge count={known?.lost ?? null} />
        </dd>
      </div>
    </dl>
  );
}
