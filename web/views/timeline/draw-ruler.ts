// The ruler of the timeline, with what stands in it: marks, the selection and its length, now.
import { formatCount, formatDuration } from '../../../shared/units.ts';
import { colour, font } from '../../theme/colours.ts';
import { recordingId } from '../../url/recording.ts';
import type { DrawFacts } from './draw.ts';
import { RULER_PX } from './places.ts';
import { headLabel, ticksOf } from './ticks.ts';
import type { Scale } from './viewport.ts';

type C = CanvasRenderingContext2D;

/** The ruler in two tiers: marks, selection and now above, time below. Lines of theirs run down over the lanes. */
export function drawRuler(c: C, facts: DrawFacts, width: number, height: number): void {
  const { scale } = facts;
  c.fillStyle = colour('surface');
  c.fillRect(0, 0, width, RULER_PX);
  c.fillStyle = colour('line');
  c.fillRect(0, RULER_PX - 1, width, 1);
  const [fromUs, toUs] = [scale.us(scale.left), scale.us(scale.right)];
  c.font = font(10);
  c.textAlign = 'left';
  for (const tick of ticksOf(fromUs, toUs, scale.width)) {
    const x = Math.round(scale.x(tick.us));
    c.fillStyle = colour('line-strong');
    c.fillRect(x, RULER_PX - 12, 1, 12);
    c.fillStyle = colour('ink-3');
    if (x < scale.right - 46) c.fillText(tick.label, x + 4, RULER_PX - 7);
  }
  c.font = font(11);
  c.fillStyle = colour('ink-3');
  c.fillText(headLabel(fromUs, toUs - fromUs), scale.left < 160 ? 12 : 20, RULER_PX - 9);
  c.textAlign = 'right';
  if (scale.left >= 160) c.fillText(facts.gutterHead, scale.left - 10, RULER_PX - 9);
  for (const mark of facts.marks) drawMark(c, scale, mark, height);
  drawSelection(c, facts, height);
  drawNow(c, facts, height);
  if (facts.cursorX !== null) {
    c.fillStyle = colour('ink-4');
    c.fillRect(Math.round(facts.cursorX), RULER_PX - 12, 1, 12);
  }
}

function drawMark(c: C, scale: Scale, us: number, height: number): void {
  const x = Math.round(scale.x(us)) + 0.5;
  if (x < scale.left || x > scale.right) return;
  c.strokeStyle = colour('ink-2');
  c.lineWidth = 1;
  c.setLineDash([2, 3]);
  c.beginPath();
  c.moveTo(x, 4);
  c.lineTo(x, height);
  c.stroke();
  c.setLineDash([]);
  c.fillStyle = colour('ink-2');
  c.beginPath();
  c.moveTo(x, 4);
  c.lineTo(x + 10, 4);
  c.lineTo(x + 7, 8);
  c.lineTo(x + 10, 12);
  c.lineTo(x, 12);
  c.fill();
}

function drawSelection(c: C, { selection, selected, scale }: DrawFacts, height: number): void {
  if (selection?.fromUs == null || selection.toUs == null) return;
  const [from, to] = [scale.x(selection.fromUs), scale.x(selection.toUs)];
  if (to < scale.left || from > scale.right) return;
  c.fillStyle = colour('band-edge');
  const [left, right] = [Math.max(scale.left, from), Math.min(scale.right, to)];
  if (from >= scale.left) c.fillRect(Math.round(from), 9, 1, height - 9);
  if (to <= scale.right) c.fillRect(Math.round(to), 9, 1, height - 9);
  c.fillRect(left, 9, right - left, 1);
  const length = formatDuration((selection.toUs - selection.fromUs) * 1e3).text;
  const words =
    selected === null
      ? length
      : `${length}, ${formatCount(selected).text} ${selected === 1 ? 'operation' : 'operations'}`;
  flag(c, words, (left + right) / 2, 10, colour('ink'), colour('bg'), scale);
}

function drawNow(c: C, { scale, nowUs, stalled }: DrawFacts, height: number): void {
  const x = scale.x(nowUs);
  if (x < scale.left || x > scale.right) return;
  c.fillStyle = colour(stalled ? 'stalled-fill' : 'ink-3');
  c.fillRect(Math.round(x), 10, 1, height - 10);
  const word = recordingId === null ? 'now' : 'end';
  flag(c, word, x, 10, colour(stalled ? 'stalled-fill' : 'ink'), colour(stalled ? 'on-state' : 'bg'), scale);
}

function flag(c: C, text: string, x: number, y: number, fill: string, ink: string, scale: Scale): void {
  c.font = font(11, 600);
  const wide = c.measureText(text).width + 10;
  const from = Math.max(scale.left, Math.min(scale.right - wide, x - wide / 2));
  c.fillStyle = fill;
  c.fillRect(from, y - 8, wide, 16);
  c.fillStyle = ink;
  c.textAlign = 'left';
  c.fillText(text, from + 5, y + 0.5);
}
