// How to read it, as one picture: what an operation, an error, a stall and a gap look like.
import { colour, faded, font } from '../../theme/colours.ts';
import type { Pen } from '../../ui/canvas.tsx';
import { hatch, spark } from '../../ui/draw.ts';

const CLASSES: readonly (readonly [label: string, token: string, shape: string])[] = [
  ['metadata', 'metadata', 'M1 1H8V8H1Z'],
  ['read', 'read', 'M0 1h9L4.5 8.6Z'],
  ['write', 'write', 'M0 8h9L4.5.4Z'],
  ['names', 'namespace', 'M4.5 0 9 4.5 4.5 9 0 4.5Z'],
  ['xattr', 'xattr', 'M0 0h9v1.9H0zM0 3.6h9v1.9H0zM0 7.1h9v1.9H0z'],
  ['open, close', 'lifecycle', 'M4.5 0a4.5 4.5 0 1 0 .001 0Z'],
];
const HIGH = 22;

export function drawLegend({ c, width }: Pen): void {
  const scale = Math.min(1, width / 440);
  c.save();
  c.scale(scale, scale);
  drawFinished(c, 44);
  drawFailed(c, 116);
  drawOpen(c, 160);
  drawGap(c, 232);
  drawClasses(c, 274);
  c.restore();
}

function label(
  c: CanvasRenderingContext2D,
  x: number,
  y: number,
  text: string,
  token = 'ink-2',
  align: CanvasTextAlign = 'left',
): void {
  c.font = font(12);
  c.fillStyle = colour(token);
  c.textAlign = align;
  c.fillText(text, x, y);
}

function name(c: CanvasRenderingContext2D, x: number, y: number, text: string, token: string): void {
  c.font = font(12, 600);
  c.fillStyle = colour(token);
  c.textAlign = 'left';
  c.fillText(text, x, y + HIGH / 2 + 0.5);
}

function drawFinished(c: CanvasRenderingContext2D, y: number): void {
  c.fillStyle = faded('op-read', Number(colour('queue-alpha')));
  c.fillRect(0, y, 86, HIGH);
  hatch(c, 0, y, 86, HIGH, faded('op-read', 0.75), 5);
  c.fillStyle = colour('op-read');
  c.fillRect(86, y, 214, HIGH);
  for (const [x, text] of [
    [0, 'ENTER'],
    [300, 'EXIT'],
  ] as const) {
    c.fillStyle = colour('ink');
    c.fillRect(x, y - 12, 1.5, HIGH + 16);
    label(c, x, y - 20, text, 'ink', 'left');
  }
  name(c, 94, y, 'read', 'op-read-on');
  label(c, 43, y + HIGH + 14, 'in the queue', 'ink-3', 'center');
  label(c, 193, y + HIGH + 14, 'in the daemon', 'ink-3', 'center');
  label(c, 316, y + HIGH / 2, '2.31 ms', 'ink');
}

function drawFailed(c: CanvasRenderingContext2D, y: number): void {
  c.fillStyle = colour('op-metadata');
  c.fillRect(0, y, 120, HIGH);
  c.fillStyle = colour('error-fill');
  c.fillRect(117, y - 2, 3, HIGH + 4);
  name(c, 8, y, 'lookup', 'op-metadata-on');
  c.font = font(11, 600);
  c.fillStyle = colour('error');
  c.fillText('EACCES', 128, y + HIGH / 2);
  label(c, 202, y + HIGH / 2, 'it ended, with an error');
}

function drawOpen(c: CanvasRenderingContext2D, y: number): void {
  c.fillStyle = colour('op-namespace');
  c.fillRect(0, y, 60, HIGH);
  const heat = c.createLinearGradient(60, 0, 300, 0);
  heat.addColorStop(0, faded('stalled-fill', 0.3));
  heat.addColorStop(0.5, faded('stalled-fill', 0.5));
  heat.addColorStop(0.85, faded('stalled-fill', 0.86));
  heat.addColorStop(1, colour('stalled-fill'));
  c.fillStyle = heat;
  c.fillRect(60, y, 240, HIGH);
  c.fillStyle = colour('stalled-fill');
  c.fillRect(60, y + HIGH - 2, 240, 2);
  name(c, 8, y, 'create', 'op-namespace-on');
  c.fillStyle = colour('band-edge');
  c.fillRect(60, y - 4, 1, HIGH + 8);
  spark(c, 300, y + HIGH / 2, 3.4);
  label(c, 320, y + HIGH / 2, 'not answered', 'stalled');
  label(c, 60, y + HIGH + 14, 'past its threshold it catches fire', 'ink-3');
}

function drawGap(c: CanvasRenderingContext2D, y: number): void {
  c.fillStyle = colour('gap-fill');
  c.fillRect(0, y, 120, HIGH);
  hatch(c, 0, y, 120, HIGH, colour('gap-hatch'), 6);
  label(c, 136, y + HIGH / 2, 'a gap: events were lost, and counted');
}

function drawClasses(c: CanvasRenderingContext2D, y: number): void {
  let x = 0;
  for (const [text, token, shape] of CLASSES) {
    c.save();
    c.translate(x, y - 4.5);
    const path = new Path2D(shape);
    c.fillStyle = c.strokeStyle = colour(`op-${token}`);
    c.lineWidth = 1.8;
    if (token === 'metadata') c.stroke(path);
    else c.fill(path);
    c.restore();
    label(c, x + 14, y, text);
    x += c.measureText(text).width + 31;
  }
}
