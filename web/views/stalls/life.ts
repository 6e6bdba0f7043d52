// The life line of a stall: ENTER, the moment it was raised, and how it went on until now or its end.

import { opClass } from '../../../shared/ops.ts';
import type { Stall } from '../../../shared/stall.ts';
import { formatDuration, formatRound } from '../../../shared/units.ts';
import { colour, faded, font } from '../../theme/colours.ts';
import type { Pen } from '../../ui/canvas.tsx';
import { spark } from '../../ui/draw.ts';
import { tickStep } from '../../ui/scale.ts';
import { visible } from '../../ui/visible.ts';
import { recordingId } from '../../url/recording.ts';

export function drawLife({ c, width }: Pen, stall: Stall, nowUs: number): void {
  const { span, thresholdMs } = stall;
  const open = stall.state === 'open';
  const lengthS = Math.max(0.001, open ? (nowUs - span.startUs) / 1e6 : stall.ageMs / 1e3);
  const left = 20;
  const right = width - 22;
  const x = (s: number) => left + ((right - left) * Math.min(s, lengthS)) / lengthS;
  const y = 25;
  const raised = x(thresholdMs / 1e3);
  c.fillStyle = colour(`op-${opClass(span.op)}`);
  c.fillRect(left, y - 3, raised - left, 6);
  const heat = c.createLinearGradient(raised, 0, right, 0);
  heat.addColorStop(0, colour('stalled-line'));
  heat.addColorStop(0.72, faded('stalled-fill', open ? 0.72 : 0.5));
  heat.addColorStop(1, faded('stalled-fill', open ? 1 : 0.6));
  c.fillStyle = heat;
  c.fillRect(raised, y - 2, right - raised, 4);
  c.fillStyle = colour('ink');
  c.fillRect(left, y - 9, 2, 18);
  c.fillRect(raised, y - 9, 1, 18);
  drawTicks(c, lengthS, x, y);
  c.font = font(11);
  c.fillStyle = colour('ink-2');
  c.textAlign = 'left';
  c.fillText('ENTER', left, y - 15);
  const words = `raised at ${formatDuration(thresholdMs * 1e6).text}`;
  if (right - raised > 160) c.fillText(words, Math.max(raised, left + 40) + 4, y - 15);
  drawJoiners(c, stall, x, y, raised + (right - raised > 160 ? 120 : 0));
  c.textAlign = 'right';
  c.fillText(open ? (recordingId === null ? 'now' : 'end') : 'EXIT', right, y - 15);
  if (open) spark(c, right, y, 3.2);
  else {
    c.fillStyle = colour('ink');
    c.fillRect(right - 2, y - 9, 2, 18);
  }
}

/** Who joined, and when: a dot each, and names as long as there is room for them. */
function drawJoiners(
  c: CanvasRenderingContext2D,
  { span, waiters }: Stall,
  x: (s: number) => number,
  y: number,
  freeFrom: number,
): void {
  let free = freeFrom;
  const joined = waiters.flatMap(({ sinceUs, comm, spanId }) =>
    sinceUs === null || spanId === span.id ? [] : [{ at: x((sinceUs - span.startUs) / 1e6), comm }],
  );
  for (const { at, comm } of joined.sort((a, b) => a.at - b.at)) {
    c.fillStyle = colour('stalled-fill');
    c.beginPath();
    c.arc(at, y, 3.5, 0, 2 * Math.PI);
    c.fill();
    const name = visible(comm ?? '');
    const width = c.measureText(name).width;
    if (at - width / 2 < free || at + width / 2 > x(Number.POSITIVE_INFINITY) - 40) continue;
    c.fillStyle = colour('ink-2');
    c.textAlign = 'center';
    c.fillText(name, at, y - 15);
    free = at + width / 2 + 12;
  }
}

function drawTicks(c: CanvasRenderingContext2D, lengthS: number, x: (s: number) => number, y: number): void {
  const step = tickStep(lengthS);
  c.font = font(10);
  c.textAlign = 'center';
  for (let s = step; s < lengthS * 0.98; s += step) {
    c.fillStyle = colour('line-strong');
    c.fillRect(Math.round(x(s)), y + 6, 1, 4);
    c.fillStyle = colour('ink-3');
    c.fillText(formatRound(s * 1e9).text, x(s), y + 18);
  }
}
