// A canvas that follows its box, the screen's resolution and the theme, and is painted by the frame scheduler.
import { useEffect, useLayoutEffect, useRef } from 'react';
import { frames } from '../live/frames.ts';
import { theme } from '../theme/theme.ts';

export interface Pen {
  c: CanvasRenderingContext2D;
  width: number;
  height: number;
}

interface CanvasProps {
  /** What the picture says, for those who do not see it. */
  label: string;
  draw: (pen: Pen) => void;
  /** Paint again this often; absent: only when `draw` changes. */
  everyMs?: number;
  /** Is given what paints soon, to be called whenever something has changed. @returns the end of it */
  paintWhen?: (soon: () => void) => () => void;
  className?: string;
}

/** A picture. `draw` is called with a clean canvas in CSS pixels. */
export function Canvas({ label, draw, everyMs, paintWhen, className }: CanvasProps) {
  const ref = useRef<HTMLCanvasElement>(null);
  const latest = useRef(draw);
  const paint = useRef(() => {
    const canvas = ref.current;
    if (canvas) paintCanvas(canvas, latest.current);
  });
  useLayoutEffect(() => {
    latest.current = draw;
    frames.request(paint.current);
  }, [draw]);
  const asks = useRef(paintWhen);
  useEffect(() => asks.current?.(() => frames.request(paint.current)), []);
  useEffect(() => {
    const run = paint.current;
    const request = () => frames.request(run);
    const observer = new ResizeObserver(request);
    if (ref.current) observer.observe(ref.current);
    const forget = theme.subscribe(request);
    const stop = everyMs === undefined ? undefined : frames.beat(everyMs, run);
    return () => {
      observer.disconnect();
      forget();
      stop?.();
      frames.cancel(run);
    };
  }, [everyMs]);
  return <canvas ref={ref} className={className} role="img" aria-label={label} />;
}

function paintCanvas(canvas: HTMLCanvasElement, draw: (pen: Pen) => void): void {
  const box = canvas.getBoundingClientRect();
  const ratio = devicePixelRatio || 1;
  const wide = Math.round(box.width * ratio);
  const high = Math.round(box.height * ratio);
  const c = canvas.getContext('2d');
  if (!c || wide === 0 || high === 0) return;
  if (canvas.width !== wide) canvas.width = wide;
  if (canvas.height !== high) canvas.height = high;
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  c.globalAlpha = 1;
  c.clearRect(0, 0, box.width, box.height);
  c.textBaseline = 'middle';
  draw({ c, width: box.width, height: box.height });
}
