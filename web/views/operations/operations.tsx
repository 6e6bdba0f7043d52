// Operations: filter, a line that says what the rows are, the table with its menu, the inspector.
import { useEffect, useMemo, useState } from 'react';
import { useLocation } from 'wouter';
import { useStore } from 'zustand';
import type { Span } from '../../../shared/span.ts';
import { FilterBar } from '../../filter/bar.tsx';
import { rememberFilter } from '../../filter/history.ts';
import { SavedMenu } from '../../filter/saved.tsx';
import { openLayer } from '../../frame/layers.ts';
import { clock } from '../../live/clock.ts';
import { live } from '../../live/feed.ts';
import { operationsCommand } from '../../ui/commands.ts';
import { commandChoice, useCopies } from '../../ui/copies.ts';
import { MOST_HIGHLIGHTS, type SpanOrder } from '../../url/params.ts';
import { recordingId } from '../../url/recording.ts';
import { withTerm } from '../../url/terms.ts';
import { useViewParams } from '../../url/use.ts';
import { type Asked, endRows, showRows } from './asked.ts';
import { CellMenu, type Target } from './cell-menu.tsx';
import { columnOf } from './columns.tsx';
import { Inspector } from './inspector.tsx';
import { jumpsOf } from './jumps.ts';
import { useOperationsKeys } from './keys.ts';
import { markerOf, withMark } from './marks.ts';
import { MarksBar } from './marks-bar.tsx';
import { ExportMenu } from './menus.tsx';
import { RowsLine } from './rows-line.tsx';
import { operations, seenNames } from './shared-model.ts';
import { OperationsTable, targetAt } from './table.tsx';
import './operations.css';

const TEN_MINUTES_US = 600e6;
const COPIED_ROWS = 1_000;

export function OperationsView() {
  const [params, change] = useViewParams();
  const [, navigate] = useLocation();
  const [picked, setPicked] = useState<Span | null>(null);
  const [cell, setCell] = useState<string | null>(null);
  const [adding, setAdding] = useState(false);
  const [openedUs] = useState(() => clock.nowUs());
  const { filter, order, highlights: marks } = params;
  const ranged = params.range !== null;
  const connected = useStore(live, (state) => state.server !== null);
  useRows(params, connected);
  const marker = useMemo(() => markerOf(marks), [marks]);
  const known = picked?.id === params.span ? picked : null;
  const stalls = useStore(live, (state) => state.stalls);
  const jumps = (span: Span) =>
    jumpsOf(span, stalls.find((stall) => stall.span.id === span.id)?.id ?? null, clock.nowUs());

  const close = () => {
    setPicked(null);
    change({ span: null }, { replace: true });
  };
  const select = (span: Span) => {
    setPicked(span);
    change({ span: span.id }, { replace: true });
  };
  const setOrder = (next: SpanOrder) => {
    // Only what has happened can be put in order: asking for it live means the last ten minutes.
    const nowUs = Math.floor(clock.nowUs() / 1e3) * 1e3;
    const range =
      params.range ?? (next === 'end:desc' ? null : { fromUs: nowUs - TEN_MINUTES_US, toUs: nowUs });
    change({ order: range === null ? 'start:desc' : next, range, span: null });
  };
  const narrow = (term: string) => {
    rememberFilter(filter);
    change({ filter: withTerm(filter, term), span: null });
  };
  const mark = (term: string) =>
    change({ highlights: withMark(marks, term, MOST_HIGHLIGHTS) }, { replace: true });
  const column = columnOf(cell ?? 'path');
  const target: Target | null = known && column ? { span: known, column } : null;
  useOperationsKeys({
    params,
    target,
    jumps: known ? jumps(known) : [],
    change,
    close,
    onInclude: narrow,
    onExclude: (term) => narrow(`-${term}`),
    onMark: mark,
    onAddMark: () => setAdding(true),
    go: navigate,
  });
  useCopies([
    commandChoice(operationsCommand({ ...params, recording: recordingId })),
    ...(known
      ? [{ label: 'JSON of the selected operation', text: () => JSON.stringify(known, null, 2) }]
      : []),
    { label: `JSON of the first ${COPIED_ROWS} rows`, text: () => JSON.stringify(firstRows(), null, 1) },
  ]);
  const spanAt = (id: number) =>
    operations.pinned.find((pinned) => pinned.id === id) ?? operations.at(operations.indexOf(id)) ?? null;
  return (
    <div className={`ops ${params.span === null ? '' : 'with-insp'}`}>
      <h1 className="sr">Operations</h1>
      <div className="fbar">
        <FilterBar
          filter={filter}
          onFilter={(next) => change({ filter: next, span: null })}
          onTyped={(next) => connected && showRows({ ...params, filter: next })}
          hint="op:read,write  path:/a/**  -path:*.tmp  errno:any  dur:>10ms  state:open"
          seen={seenNames}
        />
        <SavedMenu
          filter={filter}
          onFilter={(saved) => {
            rememberFilter(filter);
            change({ filter: saved, span: null });
          }}
        />
        <button type="button" className="btn sm" onClick={() => openLayer('copy')}>
          Copy as <kbd>y</kbd>
        </button>
        <ExportMenu params={params} />
      </div>
      <RowsLine ranged={ranged} order={order}>
        <MarksBar
          marks={marks}
          onMarks={(next) => change({ highlights: next }, { replace: true })}
          adding={adding}
          onAdding={setAdding}
        />
      </RowsLine>
      <CellMenu
        // The menu key opens the menu of what is chosen; the pointer that of what it points at.
        targetOf={(element) =>
          targetAt(element, spanAt) ?? (element.matches('[role="grid"]') ? target : null)
        }
        onInclude={narrow}
        onExclude={(term) => narrow(`-${term}`)}
        onMark={mark}
        jumpsOf={jumps}
      >
        <OperationsTable
          model={operations}
          selected={params.span}
          cell={cell}
          onSelect={select}
          onCell={setCell}
          ranged={ranged}
          order={order}
          onOrder={setOrder}
          marker={marker}
          anchorUs={params.range?.fromUs ?? openedUs}
        />
      </CellMenu>
      {params.span !== null && <Inspector id={params.span} known={known} jumpsOf={jumps} onClose={close} />}
    </div>
  );
}

/** Has the table's rows follow the URL, for as long as the view is there. */
function useRows({ filter, range, order }: Asked, connected: boolean): void {
  const ranged = range !== null;
  const [fromUs, toUs] = [range?.fromUs ?? null, range?.toUs ?? null];
  useEffect(() => {
    if (connected) showRows({ filter, range: ranged ? { fromUs, toUs } : null, order });
  }, [filter, fromUs, toUs, ranged, order, connected]);
  useEffect(
    () => () => {
      endRows();
      operations.follow();
    },
    [],
  );
}

function firstRows(): (Span | undefined)[] {
  const count = Math.min(COPIED_ROWS, operations.length);
  return Array.from({ length: count }, (_, i) => operations.at(i));
}
