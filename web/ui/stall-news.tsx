// Tells screen readers that a stall was raised or has ended, on whatever view they are.
import { useEffect, useRef, useState } from 'react';
import { useStore } from 'zustand';
import { live } from '../live/feed.ts';
import { stallSentence } from './stall-text.ts';
import { visible } from './visible.ts';

export function StallNews() {
  const stalls = useStore(live, (state) => state.stalls);
  const known = useRef<ReadonlySet<number>>(new Set());
  const [news, setNews] = useState('');
  useEffect(() => {
    const raised = stalls.filter((stall) => !known.current.has(stall.id));
    const ended = known.current.size + raised.length - stalls.length;
    known.current = new Set(stalls.map((stall) => stall.id));
    const last = raised.at(-1);
    if (last)
      setNews(`Stalled: ${stallSentence(last.span)}${last.cause ? `. ${visible(last.cause.text)}` : ''}`);
    else if (ended > 0)
      setNews(stalls.length === 0 ? 'No stall is open any more' : `A stall ended, ${stalls.length} open`);
  }, [stalls]);
  return (
    <div className="sr" aria-live="polite">
      {news}
    </div>
  );
}
