// A path: directories grey, name ink, shortened by measure; whole on hover, in copy and for screen readers.
import { useLayoutEffect, useRef, useState } from 'react';
import { shortenPath } from '../../shared/short-path.ts';
import { visible } from './visible.ts';

interface PathProps {
  path: string | null;
  /** Characters there is room for; absent: measured. */
  room?: number;
}

/** A path in the room it has. */
export function PathText({ path, room }: PathProps) {
  const ref = useRef<HTMLSpanElement>(null);
  const [measured, setMeasured] = useState<number | null>(null);
  useLayoutEffect(() => {
    const element = ref.current;
    if (room !== undefined || !element) return;
    const measure = () => setMeasured(charsIn(element));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [room]);
  if (path === null)
    return (
      <span className="path dim" ref={ref}>
        –
      </span>
    );
  const whole = visible(path);
  const chars = room ?? measured;
  const { dir, name, shortened } = shortenPath(whole, chars ?? Number.POSITIVE_INFINITY);
  const text = (
    <>
      {dir !== '' && <i>{dir}</i>}
      {name}
    </>
  );
  return (
    <span className="path" title={whole} ref={ref}>
      {shortened && room === undefined ? (
        <>
          <span aria-hidden="true">{text}</span>
          <span className="sr">{whole}</span>
        </>
      ) : (
        text
      )}
    </span>
  );
}

let charWidth: { font: string; width: number } | null = null;

/** How many characters of its own monospaced face fit into an element. */
export function charsIn(element: Element): number {
  const style = getComputedStyle(element);
  const font = `${style.fontSize} ${style.fontFamily}`;
  if (charWidth?.font !== font) {
    const context = document.createElement('canvas').getContext('2d');
    if (!context) return 40;
    context.font = font;
    charWidth = { font, width: context.measureText('0'.repeat(100)).width / 100 };
  }
  return Math.max(8, Math.floor((element.clientWidth + 0.5) / charWidth.width));
}
