// Ages grow without React: one beat of the frame scheduler writes the text of all of them.
import { useEffect, useRef } from 'react';
import { formatAge } from '../../shared/units.ts';
import { clock } from '../live/clock.ts';
import { live } from '../live/feed.ts';
import { frames } from '../live/frames.ts';

const still = matchMedia('(prefers-reduced-motion: reduce)');
const painters = new Set<(nowUs: number) => void>();
let stop: (() => void) | null = null;

/** The time up to which ages are known: it stands while the page is paused or the server away. */
export function shownNowUs(): number {
  const { pausedUs, link } = live.getState();
  if (pausedUs !== null) return pausedUs;
  if (link.kind === 'down') return link.sinceMs * 1_000 + (clock.nowUs() - Date.now() * 1_000);
  return clock.nowUs();
}

/** Calls `paint` ten times a second (once a second where motion is unwelcome). @returns the end of it */
export function everyAge(paint: (nowUs: number) => void): () => void {
  painters.add(paint);
  stop ??= frames.beat(still.matches ? 1_000 : 100, () => {
    const now = shownNowUs();
    for (const each of painters) each(now);
  });
  return () => {
    painters.delete(paint);
    if (painters.size > 0) return;
    stop?.();
    stop = null;
  };
}

interface AgeProps {
  /** µs since the epoch. */
  sinceUs: number;
}

/** How long ago, growing. */
export function Age({ sinceUs }: AgeProps) {
  const ref = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const paint = (nowUs: number) => {
      if (ref.current) write(ref.current, ageTexts(sinceUs, nowUs));
    };
    paint(shownNowUs());
    return everyAge(paint);
  }, [sinceUs]);
  const [value, unit, rest, restUnit] = ageTexts(sinceUs, shownNowUs());
  return (
    <span className="n" data-age ref={ref}>
      <span>{value}</span>
      <i className="u">{unit}</i>
      <span>{rest}</span>
      <i className="u">{restUnit}</i>
    </span>
  );
}

/** Two values and two units, as in 1 min 12 s; the second pair is empty below 100 s. */
function ageTexts(sinceUs: number, nowUs: number): [string, string, string, string] {
  const [first, second] = formatAge(Math.max(0, (nowUs - sinceUs) / 1_000)).parts;
  return [first?.value ?? '', first?.unit ?? '', second ? ` ${second.value}` : '', second?.unit ?? ''];
}

function write(element: HTMLElement, texts: readonly string[]): void {
  texts.forEach((text, i) => {
    setText(element.children[i], text);
  });
}

/** Writes a text node only where it differs: an equal write would still cost a layout. */
function setText(element: Element | undefined, text: string): void {
  if (element && element.textContent !== text) element.textContent = text;
}
