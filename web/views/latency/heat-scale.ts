// Colours and labels of the heat map. Pure.
import type { HeatmapAnswer } from '../../../shared/api.ts';
import { clamp } from '../../ui/scale.ts';

const STEPS_S = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400];
const LABEL_PX = 70;

/** Colour of a count: none is the ground, one the first visible step, `most` the last. */
export function heatColour(count: number, most: number, ramp: readonly string[]): string {
  if (count <= 0) return ramp[0] ?? '';
  const share = most <= 1 ? 0 : Math.log(count) / Math.log(most);
  const place = 1 + clamp(share, 0, 1) * (ramp.length - 2);
  const low = Math.min(ramp.length - 2, Math.floor(place));
  return mix(ramp[low] ?? '', ramp[low + 1] ?? '', place - low);
}

function mix(a: string, b: string, share: number): string {
  const at = (hex: string, i: number) => Number.parseInt(hex.slice(i, i + 2), 16);
  const part = (i: number) => Math.round(at(a, i) + (at(b, i) - at(a, i)) * share);
  return `rgb(${part(1)} ${part(3)} ${part(5)})`;
}

/** The largest count of a cell. */
export const mostOf = (heat: HeatmapAnswer): number =>
  heat.columns.reduce((most, column) => column.reduce((m, count) => Math.max(m, count), most), 0);

/** Seconds between two labels where `widthPx` show `spanS`. */
export const labelStep = (spanS: number, widthPx: number): number =>
  STEPS_S.find((step) => (widthPx * step) / spanS >= LABEL_PX) ?? 86_400;
