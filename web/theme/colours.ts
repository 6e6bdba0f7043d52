// Colours for what is drawn on canvas: the same tokens as the stylesheet's, read once per theme.
import { theme } from './theme.ts';

const cache = new Map<string, string>();
theme.subscribe(() => cache.clear());

/** Value of a token of theme/tokens.css in the theme that is shown, e.g. `colour('ink')`. */
export function colour(token: string): string {
  let value = cache.get(token);
  if (value === undefined) {
    value = getComputedStyle(document.documentElement).getPropertyValue(`--${token}`).trim();
    cache.set(token, value);
  }
  return value;
}

/** The same colour at another strength. Tokens are `#rrggbb`. */
export function faded(token: string, alpha: number): string {
  const value = Number.parseInt(colour(token).slice(1), 16);
  return `rgb(${value >> 16} ${(value >> 8) & 255} ${value & 255} / ${alpha})`;
}

/** `font` of a 2D context in the page's own face. */
export function font(sizePx: number, weight: 400 | 600 = 400): string {
  return `${weight} ${sizePx}px ${colour('font-ui')}`;
}
