// The operations in time, a lane for each caller of each mount; what overlaps in a lane lies in rows of it.
import { opClass } from '../../shared/ops.ts';
import type { Span } from '../../shared/span.ts';
import { formatDuration, formatWall } from '../../shared/units.ts';
import { visible } from '../ui/visible.ts';
import type { ReportData } from './data.ts';
import { el } from './dom.ts';

const LABEL_PX = 190;
const LANE_PX = 20;
const AXIS_PX = 22;
const MAX_LANES = 60;
const LEAST_US = 1;
const ZOOM = 1.25;
const KEYS: Readonly<Record<string, (move: Move) => void>> = {
  w: (move) => move.zoom(1 / ZOOM),
  s: (move) => move.zoom(ZOOM),
  a: (move) => move.pan(-0.2),
  d: (move) => move.pan(0.2),
  f: (move) => move.fit(),
};

interface Move {
  zoom: (factor: number, at?: number) => void;
  pan: (share: number) => void;
  fit: () => void;
}

interface Lane {
  name: string;
  spans: Span[];
}

export function timelineSection({ head, spans }: ReportData, show: (id: number) => void): HTMLElement {
  const { lanes, others } = lanesOf(spans);
  const endOf = (span: Span) =>
    span.durationNs === null ? head.untilUs : span.startUs + span.durationNs / 1_000;
  const first = Math.min(head.untilUs, spans[0]?.startUs ?? head.fromUs);
  const whole = { fromUs: first, toUs: Math.max(head.untilUs, first + LEAST_US) };
  let view = { ...whole };
  const canvas = el('canvas', [], {
    tabindex: '0',
    role: 'img',
    'aria-label': 'Operations in time; the table below has the same',
  }) as HTMLCanvasElement;
  const card = el('div.card', []);
  const c = canvas.getContext('2d') as CanvasRenderingContext2D;
  const height = AXIS_PX + lanes.length * LANE_PX + 6;
  const width = () => canvas.clientWidth;
  const xOf = (us: number) =>
    LABEL_PX + ((us - view.fromUs) / (view.toUs - view.fromUs)) * (width() - LABEL_PX);
  const usOf = (x: number) =>
    view.fromUs + ((x - LABEL_PX) / (width() - LABEL_PX)) * (view.toUs - view.fromUs);

  function draw(): void {
    const ratio = devicePixelRatio;
    canvas.width = width() * ratio;
    canvas.height = height * ratio;
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    const style = getComputedStyle(document.documentElement);
    const colour = (name: string) => style.getPropertyValue(`--${name}`);
    c.font = '11px system-ui, sans-serif';
    c.textBaseline = 'middle';
    drawAxis(colour);
    const seen = new Map<string, string>();
    lanes.forEach((lane, i) => {
      const top = AXIS_PX + i * LANE_PX;
      c.fillStyle = colour('ink-2');
      c.fillText(short(lane.name), 4, top + LANE_PX / 2, LABEL_PX - 10);
      let pixel = -1;
      for (const span of lane.spans) {
        if (span.startUs > view.toUs) break;
        const endUs = endOf(span);
        if (endUs < view.fromUs) continue;
        const left = Math.max(LABEL_PX, xOf(span.startUs));
        const right = Math.max(left + 1, Math.min(width(), xOf(endUs)));
        const trouble = span.state === 'open' || span.error !== null;
        // What would lie on the pixel before it shows nothing new.
        if (right < pixel + 1 && !trouble) continue;
        pixel = right;
        const token = span.state === 'open' ? 'stalled-fill' : `op-${opClass(span.op)}`;
        let fill = seen.get(token);
        if (fill === undefined) {
          fill = colour(token);
          seen.set(token, fill);
        }
        c.fillStyle = fill;
        c.fillRect(left, top + 3, right - left, LANE_PX - 6);
        if (span.error !== null) {
          c.fillStyle = colour('error-fill');
          c.fillRect(left, top + LANE_PX - 4, Math.max(2, right - left), 2);
        }
      }
    });
    c.fillStyle = colour('gap-hatch');
    for (const gap of head.gaps) {
      const left = Math.max(LABEL_PX, xOf(gap.fromUs));
      c.fillRect(left, AXIS_PX - 3, Math.max(2, xOf(gap.toUs) - left), 3);
    }
  }

  function drawAxis(colour: (name: string) => string): void {
    const ticks = Math.max(2, Math.floor((width() - LABEL_PX) / 140));
    for (let i = 0; i <= ticks; i++) {
      const us = view.fromUs + ((view.toUs - view.fromUs) * i) / ticks;
      const x = xOf(us);
      c.fillStyle = colour('line');
      c.fillRect(x, AXIS_PX, 1, height);
      if (i === ticks) break;
      c.fillStyle = colour('ink-3');
      c.fillText(formatWall(us).text, x + 4, AXIS_PX / 2, 130);
    }
  }

  const move: Move = {
    zoom: (factor, at = (view.fromUs + view.toUs) / 2) => {
      const length = Math.max(
        LEAST_US,
        Math.min(whole.toUs - whole.fromUs, (view.toUs - view.fromUs) * factor),
      );
      const share = (at - view.fromUs) / (view.toUs - view.fromUs);
      place(at - length * share, length);
    },
    pan: (share) => {
      const length = view.toUs - view.fromUs;
      place(view.fromUs + length * share, length);
    },
    fit: () => {
      view = { ...whole };
      draw();
    },
  };

  function place(fromUs: number, length: number): void {
    const at = Math.max(whole.fromUs, Math.min(whole.toUs - length, fromUs));
    view = { fromUs: at, toUs: at + length };
    draw();
  }

  function spanAt(event: MouseEvent): Span | null {
    const box = canvas.getBoundingClientRect();
    const lane = lanes[Math.floor((event.clientY - box.top - AXIS_PX) / LANE_PX)];
    const x = event.clientX - box.left;
    if (!lane || x < LABEL_PX) return null;
    const [from, to] = [usOf(x - 2), usOf(x + 2)];
    return lane.spans.findLast((span) => span.startUs <= to && endOf(span) >= from) ?? null;
  }

  let dragged: { x: number; moved: boolean } | null = null;
  canvas.addEventListener('wheel', (event) => {
    event.preventDefault();
    move.zoom(event.deltaY > 0 ? ZOOM : 1 / ZOOM, usOf(event.clientX - canvas.getBoundingClientRect().left));
  });
  canvas.addEventListener('pointerdown', (event) => {
    dragged = { x: event.clientX, moved: false };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener('pointermove', (event) => {
    if (dragged && (dragged.moved || Math.abs(event.clientX - dragged.x) > 3)) {
      move.pan((dragged.x - event.clientX) / (width() - LABEL_PX));
      dragged = { x: event.clientX, moved: true };
      return;
    }
    const span = spanAt(event);
    card.textContent = span ? cardText(span) : '';
  });
  canvas.addEventListener('pointerup', (event) => {
    const span = dragged && !dragged.moved ? spanAt(event) : null;
    dragged = null;
    if (span) show(span.id);
  });
  canvas.addEventListener('keydown', (event) => KEYS[event.key]?.(move));
  canvas.style.height = `${height}px`;
  new ResizeObserver(draw).observe(canvas);
  return el('section', [
    el('h2', [
      'Timeline ',
      el('small', ['wheel or w s zoom, drag or a d pan, f fits, a click shows the operation']),
    ]),
    canvas,
    card,
    others === 0 ? null : el('p.empty', [`${others} more callers are in the table only.`]),
  ]);
}

function cardText(span: Span): string {
  const took = span.durationNs === null ? span.state : formatDuration(span.durationNs).text;
  return visible(
    [span.op, span.path ?? '', took, span.error ?? '', `${span.comm ?? ''} ${span.pid ?? ''}`]
      .filter((text) => text.trim() !== '')
      .join('  ·  '),
  );
}

/** The callers with most operations, those with an open one first. */
function lanesOf(spans: readonly Span[]): { lanes: Lane[]; others: number } {
  const lanes = new Map<string, Lane & { open: boolean }>();
  for (const span of spans) {
    const key = `${span.mountId} ${span.comm} ${span.pid}`;
    let lane = lanes.get(key);
    if (!lane) {
      const caller = span.pid === null ? 'no caller known' : `${span.comm ?? ''} ${span.pid}`;
      lane = { name: visible(caller), spans: [], open: false };
      lanes.set(key, lane);
    }
    lane.spans.push(span);
    if (span.state === 'open') lane.open = true;
  }
  const sorted = [...lanes.values()].sort(
    (a, b) => Number(b.open) - Number(a.open) || b.spans.length - a.spans.length,
  );
  return { lanes: sorted.slice(0, MAX_LANES), others: Math.max(0, sorted.length - MAX_LANES) };
}

const short = (text: string) => (text.length > 28 ? `${text.slice(0, 27)}…` : text);
