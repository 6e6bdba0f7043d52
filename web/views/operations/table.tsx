// The table of operations: pinned open ones, then rows of which only those in view exist. It is repainted at most
// five times a second, half as often while every repaint would change all of its rows, and not at all while someone
// reads.
import { useVirtualizer } from '@tanstack/react-virtual';
import {
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react';
import { useStore } from 'zustand';
import type { Span } from '../../../shared/span.ts';
import { live } from '../../live/feed.ts';
import { frames } from '../../live/frames.ts';
import { charsIn } from '../../ui/path.tsx';
import { Problem } from '../../ui/problem.tsx';
import type { SpanOrder } from '../../url/params.ts';
import { useViewParams } from '../../url/use.ts';
import type { Target } from './cell-menu.tsx';
import { columnOf } from './columns.tsx';
import { Head } from './head.tsx';
import './pins.css';
import { gridOf, shownColumns, tableLayout } from './layout.ts';
import type { Marker } from './marks.ts';
import type { OperationsModel } from './model.ts';
import { SCREENFUL } from './pages.ts';
import { Row, rowId } from './row.tsx';
import { useTableKeys } from './table-keys.ts';
import './table.css';

const REPAINT_MS = 200;
const PINNED = 5;
/** A character of the mount column, px. */
const MOUNT_CHAR = 6.63;
/** And when all of them are asked for. */
const MOST_PINNED = 300;
/** Rows from the end at which older ones are asked for. */
const AHEAD = 40;

interface TableProps {
  model: OperationsModel;
  selected: number | null;
  /** Column of the chosen cell. */
  cell: string | null;
  onSelect: (span: Span) => void;
  onCell: (column: string) => void;
  ranged: boolean;
  order: SpanOrder;
  onOrder: (order: SpanOrder) => void;
  marker: Marker;
  /** Relative times are told from here where no operation is selected. */
  anchorUs: number;
}

/**
 * Version of the model, read five times a second, or every second time where more rows came than a screen holds:
 * nobody reads those, and each repaint of all rows costs a frame.
 */
export function useModelVersion(model: OperationsModel): number {
  const subscribe = useCallback(
    (changed: () => void) => {
      let seen = model.version;
      let waited = false;
      const repaint = () => {
        if (model.version === seen) return;
        seen = model.version;
        changed();
      };
      const beat = frames.beat(REPAINT_MS, () => {
        waited = !waited && model.unpainted > SCREENFUL;
        if (!waited && !model.isAboutToBe) repaint();
      });
      // What somebody has asked for does not wait, not even for the next frame: that frame is to show it.
      const pages = model.onPage(repaint);
      return () => {
        beat();
        pages();
      };
    },
    [model],
  );
  return useSyncExternalStore(subscribe, () => model.version);
}

export function OperationsTable(props: TableProps) {
  const { model, selected, cell, onSelect, onCell, ranged, order, onOrder, marker } = props;
  useModelVersion(model);
  const layout = useStore(tableLayout);
  const columns = useMemo(() => shownColumns(layout), [layout]);
  const grid = useMemo(() => gridOf(layout), [layout]);
  const perSpan = layout.pairs ? 2 : 1;
  const scroller = useRef<HTMLDivElement>(null);
  const head = useRef<HTMLSpanElement>(null);
  const pins = useRef<HTMLDivElement>(null);
  const { rowHeight, room } = useMeasures(scroller, head, grid.template);
  const scrollMargin = useHeightAbove(pins);
  const paused = useStore(live, (state) => state.pausedUs !== null);
  const virtual = useVirtualizer({
    count: model.length * perSpan,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    scrollMargin,
    // Rows beyond the edge are for who scrolls; to anyone else they are a fifth more to lay out and paint.
    overscan: (scroller.current?.scrollTop ?? 0) > 0 ? 6 : 1,
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
    if (model.standsStill || ranged) if (lastIndex >= model.length * perSpan - AHEAD) void model.loadOlder();
  });
  const spanOf = (id: number) =>
    model.pinned.find((pinned) => pinned.id === id) ?? model.at(model.indexOf(id)) ?? null;
  const chosen = selected === null ? null : spanOf(selected);
  const anchorUs = layout.relative ? (chosen?.startUs ?? props.anchorUs) : null;
  const keys = useTableKeys({
    model,
    columns,
    selected,
    cell,
    onSelect,
    onCell,
    show: (index) => virtual.scrollToIndex(index * perSpan),
  });
  const [whole, setWhole] = useState(false);
  const pinned = model.pinned.slice(0, whole ? MOST_PINNED : PINNED);
  const at = selected === null ? -1 : model.indexOf(selected) * perSpan;
  const isThere =
    selected !== null &&
    (pinned.some((one) => one.id === selected) || items.some(({ index }) => at >= 0 && index === at));
  const more = model.pinned.length - pinned.length;
  const slots = Math.ceil((items.length + 8) / 32) * 32;
  // Its width is known: measuring it would cost a layout.
  const mountRoom = Math.floor((layout.widths.mount ?? columnOf('mount')?.width ?? 0) / MOUNT_CHAR);
  const facts = { columns, cell, room, mountRoom, anchorUs };
  return (
    <div
      className="tb"
      ref={scroller}
      role="grid"
      aria-label="Operations"
      aria-rowcount={model.length * perSpan + pinned.length + 1}
      tabIndex={0}
      // It names a row that is there: of many, only those in view are.
      aria-activedescendant={isThere ? rowId(selected) : undefined}
      onKeyDown={keys}
      style={{ '--cols': grid.template, '--least': `${grid.least}px` } as React.CSSProperties}
      onClick={(event) => {
        const target = event.target instanceof Element ? targetAt(event.target, spanOf) : null;
        if (!target) return;
        onCell(target.column.id);
        onSelect(target.span);
      }}
      onScroll={(event) => model.reading('scroll', event.currentTarget.scrollTop > 2)}
    >
      <Head columns={columns} pathRef={head} ranged={ranged} order={order} onOrder={onOrder} />
      <div className={whole ? 'pin whole' : 'pin'} role="rowgroup" ref={pins}>
        {pinned.map((span, i) => (
          <Row
            key={span.id}
            span={span}
            ariaRow={i + 2}
            top={null}
            part="whole"
            selected={span.id === selected}
            {...facts}
            mark={marker(span)}
            ended={!model.isOpen(span.id)}
          />
        ))}
        {(more > 0 || whole) && (
          <div role="row" className="pin-more">
            <span role="gridcell">
              <button type="button" className="link" onClick={() => setWhole(!whole)}>
                {whole ? `Show the oldest ${PINNED} alone` : `Show ${more} more`}
              </button>
              {whole && more > 0 ? `; ${more} more are open` : ' open for over a second'}
            </span>
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
          const span = model.at(Math.floor(item.index / perSpan));
          return span ? (
            <Row
              key={item.index % slots}
              span={span}
              ariaRow={item.index + pinned.length + 2}
              top={item.start - scrollMargin}
              part={perSpan === 1 ? 'whole' : item.index % 2 === 0 ? 'exit' : 'enter'}
              selected={span.id === selected}
              {...facts}
              mark={marker(span)}
            />
          ) : null;
        })}
      </div>
      <TableEnd model={model} ranged={ranged} />
    </div>
  );
}

/** What stands below the last row: more coming, the end, an error, or why there is nothing. */
function TableEnd({ model, ranged }: { model: OperationsModel; ranged: boolean }) {
  const [params, change] = useViewParams();
  if (model.error) return <Problem error={model.error} onRetry={() => model.retry()} />;
  if (model.loading) return <p className="rows-end">Asking the store for what is older…</p>;
  if (model.length === 0 && model.pinned.length > 0)
    return <p className="rows-end">Those above are all that match: none of them has ended.</p>;
  if (model.length === 0) {
    return (
      <p className="rows-end">
        No operation matches. {ranged ? '' : 'New ones appear here as they end. '}
        {params.filter !== '' && (
          <button type="button" className="link" onClick={() => change({ filter: '' })}>
            Clear the filter
          </button>
        )}
      </p>
    );
  }
  return model.exhausted ? <p className="rows-end">This is all that is stored.</p> : null;
}

/** The cell that an element lies in. */
export function targetAt(element: Element, spanOf: (id: number) => Span | null): Target | null {
  const row = element.closest<HTMLElement>('[data-span]');
  const span = row ? spanOf(Number(row.dataset.span)) : null;
  const column = columnOf(element.closest<HTMLElement>('[data-column]')?.dataset.column ?? 'path');
  return span && column ? { span, column } : null;
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

/** @param layout changes where columns do, and with them the room for paths */
function useMeasures(
  box: React.RefObject<HTMLElement | null>,
  head: React.RefObject<HTMLElement | null>,
  layout: string,
) {
  const [measures, setMeasures] = useState({ rowHeight: 24, room: 40 });
  // biome-ignore lint/correctness/useExhaustiveDependencies: `layout` stands for the widths of columns
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
  }, [box, head, layout]);
  return measures;
}
