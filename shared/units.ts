// How numbers are written for people, everywhere the same (page, tables, messages): three significant digits, the
// unit always there and apart from the value, so that a page may draw it grey. Not for machines: exports use integers.

export interface Part {
  value: string;
  unit: string;
}

/** A number as people read it. `text` is the parts with spaces between them. */
export interface Quantity {
  parts: readonly Part[];
  text: string;
}

const THIN: readonly [size: number, unit: string][] = [
  [1, 'ns'],
  [1e3, 'µs'],
  [1e6, 'ms'],
  [1e9, 's'],
];
const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
const DECIMAL = ['', 'k', 'M', 'G', 'T'];

/** A duration: 68 µs, 2.31 ms, 412 ms, 41.3 s, 1 min 12 s, 2 h 5 min, 3 d 4 h. */
export function formatDuration(ns: number): Quantity {
  if (ns < 0) return minus(formatDuration(-ns));
  for (const [size, unit] of THIN) {
    const value = digits3(ns / size);
    if (Number(value) < (unit === 's' ? 60 : 1_000)) return quantity([{ value, unit }]);
  }
  return longTime(Math.round(ns / 1e9));
}

/** An age that ticks: tenths of a second below 100 s, above that as a duration. */
/** As on an axis: what is zero after the first unit is left out (2 min, 1 h 30 min). */
export function formatRound(ns: number): Quantity {
  return quantity(formatDuration(ns).parts.filter(({ value }, at) => at === 0 || value !== '0'));
}

export function formatAge(ms: number): Quantity {
  const tenths = Math.floor(Math.max(0, ms) / 100);
  if (tenths < 1_000) return quantity([{ value: (tenths / 10).toFixed(1), unit: 's' }]);
  return longTime(Math.floor(tenths / 10));
}

/** A distance in time with its sign: +2.86 s. */
export function formatRelative(us: number): Quantity {
  if (us < 0) return formatDuration(us * 1_000);
  const { parts } = formatDuration(us * 1_000);
  return quantity(parts.map((part, i) => (i === 0 ? { ...part, value: `+${part.value}` } : part)));
}

/** A count for tables: 1,204. */
export function formatCount(count: number): Quantity {
  const [whole = '', fraction] = String(Math.abs(count)).split('.');
  const value = whole.replace(/\B(?=(\d{3})+$)/g, ',') + (fraction === undefined ? '' : `.${fraction}`);
  return quantity([{ value: count < 0 ? `−${value}` : value, unit: '' }]);
}

/** A count for gauges: 820, 18.2 k, 2.41 M. */
export function formatCompact(count: number): Quantity {
  return scaled(count, 1_000, DECIMAL);
}

/** Bytes in binary units: 128 KiB. */
export function formatBytes(bytes: number): Quantity {
  return scaled(bytes, 1_024, BINARY);
}

/** A share 0..1: 97 %, 99.7 %, 3.2 %, < 0.1 %. Never rounded to 0 or 100 unless it is. */
export function formatPercent(share: number): Quantity {
  const percent = share * 100;
  let value: string;
  if (percent > 0 && percent < 0.1) value = '< 0.1';
  else if (percent > 99.9 && percent < 100) value = '> 99.9';
  else if (percent < 10 || (percent > 99 && percent < 100)) value = trimZero(percent.toFixed(1));
  else value = percent.toFixed(0);
  return quantity([{ value, unit: '%' }]);
}

/** A ratio: 3.1 times. */
export function formatRatio(ratio: number): Quantity {
  const value = ratio < 10 ? trimZero(ratio.toFixed(1)) : formatCount(Math.round(ratio)).text;
  return quantity([{ value, unit: 'times' }]);
}

export interface WallTime {
  /** 14:32:48, the part that neighbouring rows repeat. */
  clock: string;
  ms: string;
  us: string;
  /** 14:32:48.391 204 */
  text: string;
}

/** Wall time of a moment in µs since the epoch, in the reader's own time zone unless `utc`. */
export function formatWall(us: number, zone: 'local' | 'utc' = 'local'): WallTime {
  const whole = Math.floor(us);
  const date = new Date(Math.floor(whole / 1_000));
  const [h, m, s] =
    zone === 'utc'
      ? [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()]
      : [date.getHours(), date.getMinutes(), date.getSeconds()];
  const two = (n: number) => String(n).padStart(2, '0');
  const clock = `${two(h)}:${two(m)}:${two(s)}`;
  const ms = String(date.getUTCMilliseconds()).padStart(3, '0');
  const micros = String(whole - Math.floor(whole / 1_000) * 1_000).padStart(3, '0');
  return { clock, ms, us: micros, text: `${clock}.${ms} ${micros}` };
}

function longTime(seconds: number): Quantity {
  const steps: readonly [size: number, unit: string, rest: number, restUnit: string][] = [
    [86_400, 'd', 3_600, 'h'],
    [3_600, 'h', 60, 'min'],
    [60, 'min', 1, 's'],
  ];
  const [size, unit, rest, restUnit] = steps.find(([size]) => seconds >= size) ?? [60, 'min', 1, 's'];
  return quantity([
    { value: String(Math.floor(seconds / size)), unit },
    { value: String(Math.floor((seconds % size) / rest)), unit: restUnit },
  ]);
}

function scaled(number: number, step: number, units: readonly string[]): Quantity {
  if (number < 0) return minus(scaled(-number, step, units));
  let left = number;
  let at = 0;
  while (at < units.length - 1 && Number(digits3(left)) >= (step === 1_000 ? 1_000 : 1_024)) {
    left /= step;
    at++;
  }
  return quantity([{ value: digits3(left), unit: units[at] ?? '' }]);
}

/** Three significant digits, fewer where the value has no more; integers above 999 stay whole. */
function digits3(value: number): string {
  const rounded = value >= 999.5 ? Math.round(value) : Number(value.toPrecision(3));
  if (rounded === value || rounded >= 100) return String(rounded);
  return rounded.toFixed(rounded >= 10 ? 1 : 2);
}

function trimZero(text: string): string {
  return text.endsWith('.0') ? text.slice(0, -2) : text;
}

function minus(of: Quantity): Quantity {
  return quantity(of.parts.map((part, i) => (i === 0 ? { ...part, value: `−${part.value}` } : part)));
}

function quantity(parts: readonly Part[]): Quantity {
  const text = parts.map((part) => (part.unit === '' ? part.value : `${part.value} ${part.unit}`)).join(' ');
  return { parts, text };
}
