// The table of operations: pinned open ones, then rows of which only those in view exist. It is repainted at most
// five times a second, and not at all while someone reads.
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useLayoutEffect, useRef, useState, useSyncExternalStore } from 'react';
import { useStore } from 'zustand';
import type { Span } from '../../../shared/span.ts';
import { live } from '../../live/feed.ts';
import { frames } from '../../live/frames.ts';
import { charsIn } from '../../ui/path.tsx';
import { Problem } from '../../ui/problem.tsx';
import type { SpanOrder } from '../../url/params.ts';
import { Head } from './head.tsx';
import type { OperationsModel } from './model.ts';
import { Row, rowId } from './row.tsx';

const REPAINT_MS = 200;
const PINNED = 5;
/** Rows from the end at which older ones are asked for. */
const AHEAD = 40;

interface TableProps {
  model: OperationsModel;
  selected: number | null;
  onSelect: (span: Span, open: boolean) => void;
  ranged: boolean;
  order: SpanOrder;
  onOrder: (order: SpanOrder) => void;
}

/** Version of the model, read five times a second. */
export function useModelVersion(model: OperationsModel): number {
  return useSyncExternalStore(
    (changed) => {
      let seen = model.version;
      return frames.beat(REPAINT_MS, () => {
        if (model.version === seen) return;
        seen = model.version;
        changed();
      });
    },
    () => model.version,
  );
}

export function OperationsTable({ model, selected, onSelect, ranged, order, onOrder }: TableProps) {
  useModelVersion(model);
  const scroller = useRef<HTMLDivElement>(null);
  const head = useRef<HTMLSpanElement>(null);
  const pins = useRef<HTMLDivElement>(null);
  const { rowHeight, room } = useMeasures(scroller, head);
  const scrollMargin = useHeightAbove(pins);
  const paused = useStore(live, (state) => state.pausedUs !== null);
  const virtual = useVirtualizer({
    count: model.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    scrollMargin,
    overscan: 6,
  });
  const { measure } = virtual;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the virtualizer must forget sizes of another row height
  useLayoutEffect(() => measure(), [rowHeight]);
  useEffect(() => model.reading('pause', paused), [model, paused]);
  useEffect(() => model.reading('selection', selected !== null), [model, selected]);
  useLayoutEffect(() => model.paintedNow());
  const items = virtual.getVirtualItems();
  const lastIndex = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (model.standsStill || ranged) if (lastIndex >= model.length - AHEAD) void model.loadOlder();
  });
  const keys = useTableKeys(model, selected, onSelect, (index) => virtual.scrollToIndex(index));
  const pinned = model.pinned.slice(0, PINNED);
  const more = model.pinned.length - pinned.length;
  const slots = Math.ceil((items.length + 8) / 32) * 32;
  const time = ranged ? 'start' : 'end';
  const choose = (target: EventTarget, open: boolean) => {
    const row = target instanceof Element ? target.closest<HTMLElement>('[data-span]') : null;
    if (!row) return;
    const id = Number(row.dataset.span);
    const span = model.pinned.find((p) => p.id === id) ?? model.at(model.indexOf(id));
    if (span) onSelect(span, open);
  };
  return (
    <div
      className="tb"
      ref={scroller}
      role="grid"
      aria-label="Operations"
      aria-rowcount={model.length + pinned.length + 1}
      tabIndex={0}
      aria-activedescendant={selected === null ? undefined : rowId(selected)}
      onKeyDown={keys}
      onClick={(event) => choose(event.target, true)}
      onScroll={(event) => model.reading('scroll', event.currentTarget.scrollTop > 2)}
    >
      <Head pathRef={head} ranged={ranged} order={order} onOrder={onOrder} />
      <div className="pin" role="rowgroup" ref={pins}>
        {pinned.map((span, i) => (
          <Row
            key={span.id}
            span={span}
            ariaRow={i + 2}
            top={null}
            selected={span.id === selected}
            room={room}
            time={time}
            ended={!model.isOpen(span.id)}
          />
        ))}
        {more > 0 && (
          <div role="row" className="pin-more">
            <span role="gridcell">and {more} more open for over a second</span>
          </div>
        )}
      </div>
      <div
        className="rows"
        role="rowgroup"
        style={{ height: virtual.getTotalSize() }}
        onPointerMove={(event) => event.pointerType === 'mouse' && model.reading('pointer', true)}
        onPointerLeave={() => model.reading('pointer', false)}
      >
        {items.map((item) => {
          const span = model.at(item.index);
          return span ? (
            <Row
              key={item.index % slots}
              span={span}
              ariaRow={item.index + pinned.length + 2}
              top={item.start - scrollMargin}
              selected={span.id === selected}
              room={room}
              time={time}
            />
          ) : null;
        })}
      </div>
      <TableEnd model={model} />
    </div>
  );
}

/** What stands below the last row: more coming, the end, an error, or why there is nothing. */
function TableEnd({ model }: { model: OperationsModel }) {
  if (model.error) return <Problem error={model.error} onRetry={() => model.retry()} />;
  if (model.loading) return <p className="rows-end">Asking the store for what is older…</p>;
  if (model.length === 0) {
    return (
      <p className="rows-end">
        No operation matches. New ones appear here as they end; <kbd>u</kbd> takes the last change of the
        filter back.
      </p>
    );
  }
  return model.exhausted ? <p className="rows-end">This is all that is stored.</p> : null;
}

/** Arrows and j, k move the selection; Enter opens it. */
function useTableKeys(
  model: OperationsModel,
  selected: number | null,
  onSelect: TableProps['onSelect'],
  show: (index: number) => void,
): (event: React.KeyboardEvent) => void {
  const move = (to: number) => {
    model.reading('selection', true);
    const index = Math.max(0, Math.min(model.length - 1, to));
    const span = model.at(index);
    if (!span) return;
    show(index);
    onSelect(span, false);
  };
  return (event) => {
    const at = selected === null ? -1 : model.indexOf(selected);
    const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: 20, PageUp: -20 }[event.key];
    if (step !== undefined) move(at < 0 ? 0 : at + step);
    else if (event.key === 'Home') move(0);
    else if (event.key === 'Enter' && at >= 0) {
      const span = model.at(at);
      if (span) onSelect(span, true);
    } else return;
    event.preventDefault();
  };
}

/** Height of what lies above the rows in the scrolled box: the head and the pinned ones. */
function useHeightAbove(pins: React.RefObject<HTMLElement | null>): number {
  const [height, setHeight] = useState(0);
  useLayoutEffect(() => {
    const element = pins.current;
    if (!element) return;
    const measure = () => setHeight(element.offsetTop + element.offsetHeight);
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [pins]);
  return height;
}

function useMeasures(box: React.RefObject<HTMLElement | null>, head: React.RefObject<HTMLElement | null>) {
  const [measures, setMeasures] = useState({ rowHeight: 24, room: 40 });
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const measure = () => {
      const rowHeight = Number.parseInt(getComputedStyle(element).getPropertyValue('--row-high'), 10) || 24;
      const room = head.current ? charsIn(head.current) : 40;
      setMeasures((old) => (old.rowHeight === rowHeight && old.room === room ? old : { rowHeight, room }));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [box, head]);
  return measures;
}
