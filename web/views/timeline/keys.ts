// The keys of the timeline: w s a d, f, m, arrows from operation to operation, and what closes the nearest layer.
import { useKeys } from '../../keys/keys.ts';
import type { ViewParams } from '../../url/params.ts';
import { recordingId } from '../../url/recording.ts';
import type { TimelineModel } from './model.ts';
import type { Bar } from './picture.ts';
import { RULER_PX } from './places.ts';

const STEP = 0.1;
const IN = 0.8;

interface Deeds {
  pick: (bar: Bar | null) => void;
  select: (range: { fromUs: number; toUs: number } | null) => void;
  followNow: () => void;
  table: () => void;
}

export function useTimelineKeys(model: TimelineModel, deeds: Deeds, params: ViewParams): void {
  const go = (along: number, across: number) => {
    const found = model.neighbour(along, across);
    if (!found) return;
    deeds.pick(found.bar);
    const scroller = document.querySelector('.tl-scroll');
    if (scroller) {
      const room = scroller.clientHeight - RULER_PX - found.line.height;
      if (found.line.y < scroller.scrollTop) scroller.scrollTop = found.line.y;
      else if (found.line.y > scroller.scrollTop + room) scroller.scrollTop = found.line.y - room;
    }
    model.reveal(found.bar);
  };
  const selectView = () => {
    const { fromUs, toUs } = model.now();
    deeds.select({ fromUs: Math.floor(fromUs), toUs: Math.ceil(toUs) });
  };
  const close = () => {
    if (params.selected) deeds.select(null);
    else deeds.pick(null);
  };
  useKeys('timeline', [
    { keys: ['w', 'W'], shownAs: 'w s', label: 'zoom', foot: true, run: () => model.zoom(IN) },
    { keys: ['s', 'S'], label: 'zoom out', run: () => model.zoom(1 / IN) },
    { keys: ['a', 'A'], shownAs: 'a d', label: 'pan', foot: true, run: () => model.panShare(-STEP) },
    { keys: ['d', 'D'], label: 'pan on', run: () => model.panShare(STEP) },
    { keys: ['f'], label: 'fit', foot: true, run: () => model.fit() },
    { keys: ['m'], label: 'mark', foot: true, run: () => model.toggleMark(model.focusUs()) },
    { keys: ['ArrowRight'], shownAs: '← →', label: 'span to span', foot: true, run: () => go(1, 0) },
    { keys: ['ArrowLeft'], label: 'the span before', run: () => go(-1, 0) },
    { keys: ['ArrowDown'], shownAs: '↑ ↓', label: 'lane to lane', run: () => go(0, 1) },
    { keys: ['ArrowUp'], label: 'the lane above', run: () => go(0, -1) },
    { keys: ['e'], label: 'select what is in view', run: selectView },
    { keys: ['Shift'], shownAs: 'Shift drag', label: 'select time', foot: true, run: () => {} },
    // The key of the whole page leaves a recording.
    ...(recordingId === null
      ? [{ keys: ['l'], label: 'follow live', foot: true, run: deeds.followNow }]
      : []),
    { keys: ['v'], label: 'as table', run: deeds.table },
    { keys: ['['], label: 'a view back', run: () => model.panShare(-1) },
    { keys: [']'], label: 'a view on', run: () => model.panShare(1) },
    { keys: ['Escape'], shownAs: 'Esc', label: 'close', run: close },
  ]);
}
