// The picture and what one does in it with a pointer: wheel zooms about the cursor, dragging pans, Shift and dragging
// selects time, hovering tells, a click opens.
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { formatCount } from '../../../shared/units.ts';
import { live } from '../../live/feed.ts';
import { frames } from '../../live/frames.ts';
import { shownNowUs } from '../../ui/age.tsx';
import { Canvas, type Pen } from '../../ui/canvas.tsx';
import { Card } from './card.tsx';
import { drawTimeline } from './draw.ts';
import type { TimelineModel } from './model.ts';
import type { Bar } from './picture.ts';
import { type Hit, RULER_PX } from './places.ts';

const CLICK_PX = 4;
const WHEEL = 0.0015;
/** Zoom of a click on many operations at once. */
const INTO = 1 / 12;

interface StageProps {
  model: TimelineModel;
  gutterHead: string;
  /** Operations in the selection, where they are counted. */
  selected: number | null;
  onPick: (bar: Bar | null) => void;
  onSelect: (range: { fromUs: number; toUs: number } | null) => void;
}

type Drag = { kind: 'pan' | 'select'; x: number; y: number; fromX: number; moved: boolean };

export function Stage({ model, gutterHead, selected, onPick, onSelect }: StageProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const drag = useRef<Drag | null>(null);
  const [card, setCard] = useState<{ hit: Hit; x: number; y: number } | null>(null);
  const [height, setHeight] = useState(0);
  useEffect(() => {
    model.onLines = () => setHeight(model.linesHeight);
    setHeight(model.linesHeight);
    return () => {
      model.onLines = () => {};
    };
  }, [model]);
  useStageSize(model, box);
  useFollowing(model);
  useWheel(model, box);

  const place = (event: React.PointerEvent | PointerEvent) => {
    const at = box.current?.getBoundingClientRect();
    return { x: event.clientX - (at?.left ?? 0), y: event.clientY - (at?.top ?? 0) };
  };
  const onMove = (event: React.PointerEvent) => {
    const { x, y } = place(event);
    const { left, right } = model.scale();
    const held = drag.current;
    if (held) {
      held.moved ||= Math.abs(x - held.fromX) > CLICK_PX || Math.abs(y - held.y) > CLICK_PX;
      if (held.kind === 'pan' && held.moved) {
        model.pan(x - held.x);
        scroller.current?.scrollBy(0, held.y - y);
        [held.x, held.y] = [x, y];
      } else if (held.kind === 'select') {
        const scale = model.scale();
        const [a, b] = [scale.us(Math.max(left, held.fromX)), scale.us(Math.max(left, Math.min(right, x)))];
        model.selection = { fromUs: Math.min(a, b), toUs: Math.max(a, b) };
        model.repaint();
      }
      setCard(null);
      return;
    }
    model.cursorX = x >= left && x <= right ? x : null;
    model.hover = event.pointerType === 'touch' ? null : model.hit(x, y);
    setCard(model.hover ? { hit: model.hover, x, y } : null);
    model.repaint();
  };
  const onDown = (event: React.PointerEvent) => {
    if (event.button !== 0) return;
    const { x, y } = place(event);
    if (x < model.scale().left) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    drag.current = { kind: event.shiftKey ? 'select' : 'pan', x, y, fromX: x, moved: false };
  };
  const onUp = (event: React.PointerEvent) => {
    const held = drag.current;
    drag.current = null;
    if (!held) return;
    if (
      held.kind === 'select' &&
      held.moved &&
      model.selection?.fromUs != null &&
      model.selection.toUs != null
    ) {
      const { fromUs, toUs } = model.selection;
      onSelect({ fromUs: Math.floor(fromUs), toUs: Math.ceil(toUs) });
      return;
    }
    if (held.moved) return;
    const { x, y } = place(event);
    const hit = model.hit(x, y);
    if (hit?.kind === 'bar') onPick(hit.bar);
    else if (hit) model.zoom(INTO, x);
    else onPick(null);
  };
  const leave = () => {
    model.hover = null;
    model.cursorX = null;
    setCard(null);
    model.repaint();
  };
  return (
    <div
      className="tl-scroll"
      ref={scroller}
      onScroll={(event) => {
        model.scrollTop = event.currentTarget.scrollTop;
        setCard(null);
        model.repaint();
      }}
    >
      <div
        className="tl-stage"
        ref={box}
        role="application"
        aria-label="Timeline"
        aria-describedby="tl-how"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it takes the keys of the timeline
        tabIndex={0}
        onPointerMove={onMove}
        onPointerDown={onDown}
        onPointerUp={onUp}
        onPointerCancel={() => {
          drag.current = null;
        }}
        onPointerLeave={leave}
      >
        <Canvas
          label="Operations as bars in lanes, by time. The same as a table: key v."
          draw={(pen) => paint(pen, model, gutterHead, selected)}
          paintWhen={(soon) => model.onPaint(soon)}
        />
      </div>
      <div className="tl-space" style={{ height: Math.max(0, height + RULER_PX) }} />
      {card && <Card hit={card.hit} x={card.x} y={card.y} within={box} />}
    </div>
  );
}

function paint(pen: Pen, model: TimelineModel, gutterHead: string, selected: number | null): void {
  model.layOut();
  const { link, stalls, gaps, mounts } = live.getState();
  const nowUs = shownNowUs();
  drawTimeline(pen, {
    picture: model.loader.picture,
    scale: model.scale(),
    nowUs,
    lines: model.lines,
    scrollTop: model.scrollTop,
    picked: model.picked,
    hovered: model.hover?.kind === 'bar' ? model.hover.bar.id : null,
    thresholds: new Map(stalls.map((stall) => [stall.span.id, stall.thresholdMs])),
    gaps: [...(model.loader.picture?.gaps.values() ?? []), ...gaps],
    mounts,
    silentSinceUs: link.kind === 'down' ? nowUs : null,
    selection: model.selection,
    selected,
    marks: model.marks,
    cursorX: model.cursorX,
    stalled: stalls.length > 0,
    gutterHead,
  });
}

/** The gutter is narrower where the screen is. */
const gutterOf = (width: number) => (width < 560 ? 104 : 212);

function useStageSize(model: TimelineModel, box: React.RefObject<HTMLDivElement | null>): void {
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const measure = () => {
      const left = gutterOf(element.clientWidth);
      model.setPlot(left, element.clientWidth - left);
      const lanePx = Number.parseInt(getComputedStyle(element).getPropertyValue('--h-lane'), 10);
      if (lanePx > 0) model.lanePx = lanePx;
      model.loader.look();
      model.repaint();
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [model, box]);
}

/** Paints as often as something can have moved: by px while now is followed, for ages ten times a second. */
function useFollowing(model: TimelineModel): void {
  useEffect(() => {
    let painted = 0;
    return frames.beat(8, () => {
      const everyMs = model.follow ? Math.min(100, model.msPerPx) : 100;
      const now = performance.now();
      if (now - painted < everyMs - 4) return;
      painted = now;
      model.loader.look();
      model.repaint();
    });
  }, [model]);
}

/** React listens to the wheel passively; this must keep the page from scrolling. Beside the plot it scrolls the lanes. */
function useWheel(model: TimelineModel, box: React.RefObject<HTMLDivElement | null>): void {
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const onWheel = (event: WheelEvent) => {
      const x = event.clientX - element.getBoundingClientRect().left;
      if (x < model.scale().left || event.shiftKey) return;
      event.preventDefault();
      if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) model.pan(-event.deltaX);
      else model.zoom(Math.exp(event.deltaY * WHEEL), x);
    };
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => element.removeEventListener('wheel', onWheel);
  }, [model, box]);
}

/** What is picked, for those who do not see it. */
export function PickedWords({ bar }: { bar: Bar | null }) {
  if (!bar) return null;
  const length =
    bar.durationNs === null
      ? 'still open'
      : `${formatCount(Math.round(bar.durationNs / 1e3)).text} microseconds`;
  return (
    <>
      {bar.op} {bar.path ?? ''}, {length}
    </>
  );
}
