// The stretch of time in view, and the moves it makes: about a point, by a share of itself, to a whole. Pure.

export interface Viewport {
  fromUs: number;
  toUs: number;
}

/** Shorter than this there is nothing more to see: starts are known to a quarter of a µs. */
const SHORTEST_US = 20;
const LONGEST_US = 30 * 86_400e6;
/** Columns are about so wide; each is a power of two of µs, so that pictures of one width fit together. */
const COLUMN_PX = 1.5;
const SMALLEST_STEP_US = 0.25;

export const lengthOf = ({ fromUs, toUs }: Viewport): number => toUs - fromUs;

/** Places of moments, for a plot that begins at `left` and is `width` wide, in px. */
export function scaleOf(view: Viewport, left: number, width: number) {
  const pxPerUs = width / lengthOf(view);
  return {
    left,
    width,
    right: left + width,
    pxPerUs,
    x: (us: number) => left + (us - view.fromUs) * pxPerUs,
    us: (x: number) => view.fromUs + (x - left) / pxPerUs,
  };
}
export type Scale = ReturnType<typeof scaleOf>;

/** Longer (factor over 1) or shorter, with the moment `aboutUs` where it is. */
export function zoomed(view: Viewport, factor: number, aboutUs: number): Viewport {
  const length = Math.min(LONGEST_US, Math.max(SHORTEST_US, lengthOf(view) * factor));
  const share = (aboutUs - view.fromUs) / lengthOf(view);
  const fromUs = Math.max(0, aboutUs - share * length);
  return { fromUs, toUs: fromUs + length };
}

export function moved(view: Viewport, byUs: number): Viewport {
  const fromUs = Math.max(0, view.fromUs + byUs);
  return { fromUs, toUs: fromUs + lengthOf(view) };
}

/** A stretch with some air at both sides. */
export function around(fromUs: number, toUs: number, air = 0.05): Viewport {
  const length = Math.max(SHORTEST_US, toUs - fromUs);
  return zoomed(
    { fromUs: Math.max(0, fromUs), toUs: Math.max(0, fromUs) + length },
    1 + 2 * air,
    (fromUs + toUs) / 2,
  );
}

/** Width of a column, µs: a power of two, so that neighbouring zooms share it. */
export function stepFor(view: Viewport, widthPx: number): number {
  const wanted = (lengthOf(view) / Math.max(1, widthPx)) * COLUMN_PX;
  return Math.max(SMALLEST_STEP_US, 2 ** Math.ceil(Math.log2(wanted)));
}
