// The few marks that all canvases share: hatching for what is unknown, the spark for what has not ended.
import { colour, faded } from '../theme/colours.ts';
import { recordingId } from '../url/recording.ts';

/** Diagonal lines; a gap is grey and wide, queue time narrow and in its class colour. */
export function hatch(
  c: CanvasRenderingContext2D,
  x: number,
  y: number,
  w: number,
  h: number,
  stroke: string,
  step = 6,
): void {
  c.save();
  c.beginPath();
  c.rect(x, y, w, h);
  c.clip();
  c.strokeStyle = stroke;
  c.lineWidth = 1;
  c.beginPath();
  for (let i = -h; i < w + h; i += step) {
    c.moveTo(x + i, y + h);
    c.lineTo(x + i + h, y);
  }
  c.stroke();
  c.restore();
}

/** A stretch of which nothing is known. */
export function unknown(c: CanvasRenderingContext2D, x: number, y: number, w: number, h: number): void {
  c.fillStyle = colour('gap-fill');
  c.fillRect(x, y, w, h);
  hatch(c, x, y, w, h, colour('gap-hatch'), 4);
}

/** The growing end; in a recording nothing grows, and there it is an end like any other. */
export function spark(c: CanvasRenderingContext2D, x: number, y: number, r = 2.2): void {
  if (recordingId !== null) {
    c.fillStyle = colour('stalled-fill');
    c.fillRect(x - 0.75, y - r * 1.5, 1.5, r * 3);
    return;
  }
  const glow = c.createRadialGradient(x, y, 0, x, y, r * 6);
  glow.addColorStop(0, faded('stalled-fill', 0.85));
  glow.addColorStop(0.3, faded('stalled-fill', 0.38));
  glow.addColorStop(1, faded('stalled-fill', 0));
  disc(c, x, y, r * 6, glow);
  disc(c, x, y, r + 1.1, colour('stalled-fill'));
  disc(c, x, y, r * 0.8, colour('spark-core'));
}

function disc(
  c: CanvasRenderingContext2D,
  x: number,
  y: number,
  r: number,
  fill: string | CanvasGradient,
): void {
  c.fillStyle = fill;
  c.beginPath();
  c.arc(x, y, r, 0, Math.PI * 2);
  c.fill();
}
