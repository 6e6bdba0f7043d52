// The ruler: where its ticks are and what they say. Pure.
import { formatWall } from '../../../shared/units.ts';

const STEPS_US = [1, 2, 5]
  .flatMap((digit) => Array.from({ length: 7 }, (_, power) => digit * 10 ** power))
  .concat([10e6, 20e6, 30e6, 60e6, 120e6, 300e6, 600e6, 1_800e6, 3_600e6, 7_200e6, 21_600e6, 86_400e6])
  .sort((a, b) => a - b);

export interface Tick {
  us: number;
  label: string;
}

/** Ticks at round wall times, at most one for each `pxBetween`. */
export function ticksOf(fromUs: number, toUs: number, widthPx: number, pxBetween = 84): Tick[] {
  const perTick = ((toUs - fromUs) / Math.max(1, widthPx)) * pxBetween;
  const step = STEPS_US.find((one) => one >= perTick) ?? Math.ceil(perTick / 86_400e6) * 86_400e6;
  // Whole seconds are round in every time zone but not whole hours.
  const zoneUs = step > 60e6 ? new Date(fromUs / 1e3).getTimezoneOffset() * 60e6 : 0;
  const ticks: Tick[] = [];
  for (let at = Math.ceil((fromUs - zoneUs) / step) * step + zoneUs; at <= toUs; at += step) {
    ticks.push({ us: at, label: tickLabel(at, step) });
  }
  return ticks;
}

/** What changes from tick to tick; `headLabel` says the rest. */
function tickLabel(us: number, stepUs: number): string {
  const wall = formatWall(us);
  if (stepUs >= 86_400e6)
    return new Date(us / 1e3).toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
  if (stepUs >= 60e6) return wall.clock.slice(0, 5);
  const seconds = wall.clock.slice(6);
  if (stepUs >= 1e6) return `${Number(seconds)} s`;
  if (stepUs >= 1e3) return `${Number(seconds)}.${wall.ms} s`;
  return `${wall.ms}.${wall.us} ms`;
}

/** What all ticks share: the minute, and below a ms step the second. */
export function headLabel(fromUs: number, lengthUs: number): string {
  const { clock } = formatWall(fromUs);
  return lengthUs < 20e3 ? clock : clock.slice(0, 5);
}
