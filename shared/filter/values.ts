// Numbers of the filter language: durations (10ms, in ns), bytes (128k), plain integers; alone, compared, as a range.
import type { NumberKey, NumberRange } from './ast.ts';

/** Duration units, largest first. `us` is how µs is printed. */
const TIME: readonly (readonly [unit: string, ns: number])[] = [
  ['h', 3.6e12],
  ['m', 6e10],
  ['s', 1e9],
  ['ms', 1e6],
  ['us', 1e3],
  ['ns', 1],
];
const TIME_ALIASES: Readonly<Record<string, string>> = {
  µs: 'us',
  μs: 'us',
  min: 'm',
  sec: 's',
  msec: 'ms',
  usec: 'us',
};
const SIZE: readonly (readonly [unit: string, bytes: number])[] = [
  ['T', 2 ** 40],
  ['G', 2 ** 30],
  ['M', 2 ** 20],
  ['k', 2 ** 10],
  ['', 1],
];
const NUMBER = /^(\d{1,16}(?:\.\d{1,9})?)([A-Za-zµμ]*)$/;

type Unit = 'time' | 'size' | 'plain';
const UNITS: Readonly<Record<NumberKey, Unit>> = {
  dur: 'time',
  queue: 'time',
  size: 'size',
  bytes: 'size',
  pid: 'plain',
  tid: 'plain',
  uid: 'plain',
  gid: 'plain',
  id: 'plain',
};
const WORDS: Readonly<Record<Unit, string>> = { time: 'duration', size: 'size', plain: 'number' };

export type NumberResult = { ok: true; range: NumberRange } | { ok: false; message: string; hint: string };

/** Reads `10ms`, `>10ms`, `>=10ms`, `<10ms`, `<=10ms`, `10ms..1s`. */
export function parseRange(key: NumberKey, text: string): NumberResult {
  const unit = UNITS[key];
  const wrong = (part: string): NumberResult => {
    const hint = likely(unit, part);
    return {
      ok: false,
      message: `"${part}" is no ${WORDS[unit]}. Try ${hint}.`,
      hint: text.replace(part, hint),
    };
  };
  const dots = text.indexOf('..');
  if (dots >= 0) {
    const [from, to] = [text.slice(0, dots), text.slice(dots + 2)];
    const [min, max] = [parseNumber(unit, from), parseNumber(unit, to)];
    if (min === null) return wrong(from);
    if (max === null) return wrong(to);
    if (min > max) {
      return {
        ok: false,
        message: `"${text}" is empty: the first is larger. Try ${to}..${from}.`,
        hint: `${to}..${from}`,
      };
    }
    return { ok: true, range: { min, max, minIncluded: true, maxIncluded: true } };
  }
  const operator = /^[<>]?=?/.exec(text)?.[0] ?? '';
  const number = text.slice(operator.length);
  const value = parseNumber(unit, number);
  if (value === null) return number === '' ? wrong(text) : wrong(number);
  const included = operator.endsWith('=') || operator === '';
  if (operator.startsWith('>')) {
    return {
      ok: true,
      range: { min: value, max: Number.POSITIVE_INFINITY, minIncluded: included, maxIncluded: true },
    };
  }
  if (operator.startsWith('<')) {
    return { ok: true, range: { min: 0, max: value, minIncluded: true, maxIncluded: included } };
  }
  if (unit === 'time') {
    const hint = `>${number}`;
    return { ok: false, message: `No operation takes exactly ${number}. Try ${hint}.`, hint };
  }
  return { ok: true, range: { min: value, max: value, minIncluded: true, maxIncluded: true } };
}

/** As `parseRange` reads it. */
export function printRange(key: NumberKey, range: NumberRange): string {
  const print = (value: number) => printNumber(UNITS[key], value);
  if (range.max === Number.POSITIVE_INFINITY) return `${range.minIncluded ? '>=' : '>'}${print(range.min)}`;
  if (!range.maxIncluded) return `<${print(range.max)}`;
  if (range.min === range.max && UNITS[key] !== 'time') return print(range.min);
  if (range.min === 0) return `<=${print(range.max)}`;
  return `${print(range.min)}..${print(range.max)}`;
}

function parseNumber(unit: Unit, text: string): number | null {
  const match = NUMBER.exec(text);
  if (!match) return null;
  const number = Number(match[1]);
  const factor = factorOf(unit, match[2] ?? '');
  if (factor === null) return null;
  const value = number * factor;
  const whole = Math.round(value);
  if (whole > Number.MAX_SAFE_INTEGER) return null;
  // 1.5 of a process is a slip; 1.5ms is not.
  return unit === 'plain' && whole !== value ? null : whole;
}

function factorOf(unit: Unit, name: string): number | null {
  if (unit === 'plain') return name === '' ? 1 : null;
  if (unit === 'time') {
    const known = TIME_ALIASES[name.toLowerCase()] ?? name.toLowerCase();
    return TIME.find(([unitName]) => unitName === known)?.[1] ?? null;
  }
  const letter = name.replace(/i?[bB]$/, '').toLowerCase();
  return SIZE.find(([unitName]) => unitName.toLowerCase() === letter)?.[1] ?? null;
}

function printNumber(unit: Unit, value: number): string {
  if (unit === 'plain' || value === 0) return unit === 'time' ? '0ns' : String(value);
  for (const [name, size] of unit === 'time' ? TIME : SIZE) {
    // Thousandths read well below minutes; anything else would not come back exactly.
    const decimals = unit === 'time' && size <= 1e9 ? 1_000 : 1;
    const scaled = (value / size) * decimals;
    if (value >= size && Number.isInteger(scaled) && Math.round((scaled / decimals) * size) === value) {
      return `${scaled / decimals}${name}`;
    }
  }
  return `${value}${unit === 'time' ? 'ns' : ''}`;
}

/** The number that was probably meant. */
function likely(unit: Unit, text: string): string {
  const digits = /\d+(\.\d+)?/.exec(text)?.[0];
  if (unit === 'plain') return digits ? String(Math.trunc(Number(digits))) : '1';
  if (unit === 'size') return digits ? `${digits}k` : '4k';
  const letters = text.replace(/[^A-Za-zµμ]/g, '').toLowerCase();
  const name = TIME.map(([unitName]) => unitName).find(
    (unitName) => unitName.length > 1 && letters.startsWith(unitName),
  );
  return `${digits ?? '10'}${name ?? (letters.startsWith('s') ? 's' : 'ms')}`;
}
