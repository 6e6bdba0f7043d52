// j, k and the arrows through a list of links or rows: they move the focus, so that Enter does what it does.
import type { RefObject } from 'react';
import { useKeys } from './keys.ts';

/** Moves between the `[data-item]` elements inside `box`. */
export function useListKeys(name: string, label: string, box: RefObject<HTMLElement | null>): void {
  const move = (by: number) => {
    const items = [...(box.current?.querySelectorAll<HTMLElement>('[data-item]') ?? [])];
    const at = items.indexOf(document.activeElement as HTMLElement);
    const next =
      items[at < 0 ? (by > 0 ? 0 : items.length - 1) : Math.min(items.length - 1, Math.max(0, at + by))];
    next?.focus();
    next?.scrollIntoView({ block: 'nearest' });
  };
  useKeys(name, [
    { keys: ['j', 'ArrowDown'], shownAs: '↑ ↓', label, foot: true, run: () => move(1) },
    { keys: ['k', 'ArrowUp'], shownAs: 'k', label: `${label}, upwards`, run: () => move(-1) },
  ]);
}
