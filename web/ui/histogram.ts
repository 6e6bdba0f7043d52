// Bars of a histogram on the latency axis, as every canvas draws them: counts are logarithmic, one operation
// still shows.
import { colour } from '../theme/colours.ts';

export interface BarBox {
  x: number;
  width: number;
  top: number;
  base: number;
}

/** Draws `counts`, one bar each, over the box's width. */
export function drawBars(
  c: CanvasRenderingContext2D,
  counts: readonly number[],
  box: BarBox,
  token: string,
): void {
  const most = Math.log10(Math.max(1, ...counts) + 1);
  const air = box.width > 400 ? 1 : 0;
  c.fillStyle = colour(token);
  c.globalAlpha = 0.9;
  counts.forEach((count, i) => {
    if (count === 0) return;
    const left = Math.floor(box.x + (box.width * i) / counts.length);
    const right = Math.ceil(box.x + (box.width * (i + 1)) / counts.length);
    const high = Math.max(2, ((box.base - box.top) * Math.log10(count + 1)) / most);
    c.fillRect(left, box.base - high, Math.max(1, right - left - air), high);
  });
  c.globalAlpha = 1;
}
