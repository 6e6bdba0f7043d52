// What is promised about colours: text roles reach 4.5:1 on every surface they may lie on, marks 3:1.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const css = readFileSync(new URL('../../web/theme/tokens.css', import.meta.url), 'utf8');

function tokens(theme: 'dark' | 'light'): Map<string, string> {
  const blocks = [...css.matchAll(/([^{}]+)\{([^{}]*)\}/g)].filter(([, selector = '']) =>
    selector.includes(`[data-theme="${theme}"]`),
  );
  const found = new Map<string, string>();
  for (const [, , body = ''] of blocks) {
    for (const [, name = '', value = ''] of body.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g))
      found.set(name, value);
  }
  return found;
}

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

const SURFACES = ['bg', 'surface', 'raised', 'overlay', 'select', 'stalled-wash'];
const TEXT = ['ink', 'ink-2', 'ink-3', 'ok', 'slow', 'stalled', 'error'];
const MARKS = ['ok-fill', 'slow-fill', 'stalled-fill', 'error-fill', 'service'];
const CLASSES = ['metadata', 'read', 'write', 'namespace', 'xattr', 'lifecycle'];

for (const theme of ['dark', 'light'] as const) {
  const roles = tokens(theme);
  const colour = (role: string): string => {
    const value = roles.get(role);
    if (!value) throw new Error(`--${role} is no colour of the ${theme} theme`);
    return value;
  };
  const fails = (pairs: [string, string][], least: number) =>
    pairs
      .map(([a, b]) => [a, b, contrast(colour(a), colour(b))] as const)
      .filter(([, , ratio]) => ratio < least)
      .map(([a, b, ratio]) => `${a} on ${b} is ${ratio.toFixed(2)}`);

  test(`${theme}: text can be read on every surface`, () => {
    expect(
      fails(
        TEXT.flatMap((text) => SURFACES.map((on): [string, string] => [text, on])),
        4.5,
      ),
    ).toEqual([]);
    expect(
      fails(
        [
          ['btn-ink', 'btn'],
          ['on-state', 'stalled'],
          ['stalled', 'stalled-wash-2'],
        ],
        4.5,
      ),
    ).toEqual([]);
  });

  test(`${theme}: marks and classes can be seen`, () => {
    const marks = [...MARKS, ...CLASSES.map((name) => `op-${name}`)];
    expect(
      fails(
        marks.map((mark): [string, string] => [mark, 'surface']),
        3,
      ),
    ).toEqual([]);
  });

  test(`${theme}: words on a class's fill can be read`, () => {
    expect(
      fails(
        CLASSES.map((name): [string, string] => [`op-${name}-on`, `op-${name}`]),
        4.5,
      ),
    ).toEqual([]);
  });
}
