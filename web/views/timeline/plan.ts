// What to ask the server for, given what is in view and what is there. Pure; ranges are whole columns.
import type { Picture } from './picture.ts';
import { lengthOf, stepFor, type Viewport } from './viewport.ts';

export interface Ask {
  fromUs: number;
  toUs: number;
  columns: number;
  stepUs: number;
  /** Whether the answer begins a picture of its own. */
  fresh: boolean;
}

export interface PlanFacts {
  view: Viewport;
  widthPx: number;
  nowUs: number;
  picture: Picture | null;
  /** Up to here (µs) the picture will not change any more. */
  settledUs: number;
  /** Whether new operations at the right edge are to be fetched. */
  live: boolean;
}

/** Columns of one question at most. */
const MAX_COLUMNS = 4_000;
/** On either side of the view, as a share of it: what is asked for, and from when on it is missed. */
const MARGIN = 0.5;
const MISSED = 0.15;

/** The next question, or null where all that is wanted is there. */
export function nextAsk(facts: PlanFacts): Ask | null {
  const { view, picture, nowUs, widthPx, settledUs, live } = facts;
  const stepUs = stepFor(view, widthPx);
  const length = lengthOf(view);
  const nowColumn = Math.ceil(nowUs / stepUs);
  const wanted = (margin: number) => ({
    from: Math.max(0, Math.floor((view.fromUs - length * margin) / stepUs)),
    to: Math.min(nowColumn, Math.ceil((view.toUs + length * margin) / stepUs)),
  });
  const ask = (from: number, to: number, fresh: boolean): Ask | null => {
    if (to <= from) return null;
    const last = Math.min(to, from + MAX_COLUMNS);
    return { fromUs: from * stepUs, toUs: last * stepUs, columns: last - from, stepUs, fresh };
  };
  const full = wanted(MARGIN);
  const least = wanted(MISSED);
  if (!picture || picture.stepUs !== stepUs || least.from > picture.to || least.to < picture.from) {
    return ask(full.from, full.to, true);
  }
  // What is in view first: the right end where it goes on, then the left.
  const settled = Math.floor(settledUs / stepUs);
  const edge = Math.min(picture.to, Math.max(settled, picture.from));
  if (live && least.to > edge) return ask(edge, Math.max(full.to, edge + 1), false);
  if (least.to > picture.to) return ask(picture.to, full.to, false);
  if (least.from < picture.from) return ask(full.from, picture.from, false);
  return null;
}
