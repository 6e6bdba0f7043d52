// Operations: filter, a line that says what the rows are, the table, the inspector.
import { useEffect, useState } from 'react';
import { useStore } from 'zustand';
import type { Span } from '../../../shared/span.ts';
import { formatCount } from '../../../shared/units.ts';
import { FilterBar } from '../../filter/bar.tsx';
import { rememberFilter } from '../../filter/history.ts';
import { useKeys } from '../../keys/keys.ts';
import { clock } from '../../live/clock.ts';
import { live, resume, wantSpans } from '../../live/feed.ts';
import type { SpanOrder, ViewParams } from '../../url/params.ts';
import { term, withTerm } from '../../url/terms.ts';
import { useViewParams } from '../../url/use.ts';
import { Inspector } from './inspector.tsx';
import { CopyMenu, ExportMenu } from './menus.tsx';
import { LIVE_ROWS, OLDER_ROWS } from './model.ts';
import { matching, operations, seenNames } from './shared-model.ts';
import { OperationsTable, useModelVersion } from './table.tsx';
import './operations.css';

const TEN_MINUTES_US = 600e6;

export function OperationsView() {
  const [params, change] = useViewParams();
  const [picked, setPicked] = useState<Span | null>(null);
  const { filter, order } = params;
  const fromUs = params.range?.fromUs ?? null;
  const toUs = params.range?.toUs ?? null;
  const ranged = params.range !== null;
  const connected = useStore(live, (state) => state.server !== null);
  useEffect(() => {
    if (!connected) return;
    operations.begin({ filter, range: ranged ? { fromUs, toUs } : null, order });
    const only = matching(filter);
    const stop = ranged ? undefined : wantSpans(filter, (batch) => operations.take(only(batch)));
    return () => {
      stop?.();
      operations.end();
    };
  }, [filter, fromUs, toUs, ranged, order, connected]);
  useEffect(() => () => operations.follow(), []);
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
      params.range ?? (next === 'start:desc' ? null : { fromUs: nowUs - TEN_MINUTES_US, toUs: nowUs });
    change({ order: next, range, span: null });
  };
  useOperationsKeys(params, picked, change, close);
  return (
    <div className={`ops ${params.span === null ? '' : 'with-insp'}`}>
      <h1 className="sr">Operations</h1>
      <div className="fbar">
        <FilterBar
          filter={filter}
          onFilter={(next) => change({ filter: next, span: null })}
          hint="op:read,write  path:/a/**  -path:*.tmp  errno:any  dur:>10ms  state:open"
          seen={seenNames}
        />
        <CopyMenu params={params} model={operations} />
        <ExportMenu params={params} />
      </div>
      <RowsLine ranged={ranged} />
      <OperationsTable
        model={operations}
        selected={params.span}
        onSelect={select}
        ranged={ranged}
        order={order}
        onOrder={setOrder}
      />
      {params.span !== null && (
        <Inspector id={params.span} known={picked?.id === params.span ? picked : null} onClose={close} />
      )}
    </div>
  );
}

function useOperationsKeys(
  params: ViewParams,
  picked: Span | null,
  change: (part: Partial<ViewParams>) => void,
  close: () => void,
): void {
  const narrow = (sign: '' | '-') => {
    if (!picked?.path) return;
    rememberFilter(params.filter);
    change({ filter: withTerm(params.filter, `${sign}${term('path', picked.path)}`), span: null });
  };
  const shift = (by: number) => {
    const { range } = params;
    if (range?.fromUs == null || range.toUs == null) return;
    const length = range.toUs - range.fromUs;
    change({ range: { fromUs: range.fromUs + by * length, toUs: range.toUs + by * length } });
  };
  const grid = () => document.querySelector<HTMLElement>('[role="grid"]');
  useKeys('operations', [
    // The table itself takes these once it has the focus.
    {
      keys: ['j', 'ArrowDown'],
      shownAs: 'j k',
      label: 'next, previous row',
      foot: true,
      run: () => grid()?.focus(),
    },
    { keys: ['i'], label: 'only this path', foot: true, run: () => narrow('') },
    { keys: ['x'], label: 'without this path', foot: true, run: () => narrow('-') },
    { keys: ['y'], label: 'copy the URL', run: () => void navigator.clipboard?.writeText(location.href) },
    { keys: ['['], label: 'range back', run: () => shift(-1) },
    { keys: [']'], label: 'range on', run: () => shift(1) },
    { keys: ['Escape'], shownAs: 'Esc', label: 'close the inspector', run: close },
  ]);
}

/** One line that is always there, so that nothing moves when rows begin to wait. */
function RowsLine({ ranged }: { ranged: boolean }) {
  useModelVersion(operations);
  const { count, storeOnly } = operations.held;
  const still = operations.standsStill;
  return (
    <div className={`rows-line ${still && count > 0 ? 'held' : ''}`}>
      {still && count > 0 ? (
        <>
          <span>
            <b>{formatCount(count).text} newer</b> wait while you read
            {storeOnly > 0 && `, ${formatCount(storeOnly).text} of them in the store only`}
          </span>
          <button type="button" className="btn sm ghost" onClick={showNewest}>
            Show them <kbd>l</kbd>
          </button>
        </>
      ) : (
        <span>
          {ranged
            ? 'From the store, newest first'
            : still
              ? 'Nothing newer yet'
              : 'Newest first, as they end'}
        </span>
      )}
      <span className="sp" />
      {!ranged && operations.omitted > 0 && (
        <span className="wide">{formatCount(operations.omitted).text} left out to keep up, all stored</span>
      )}
      <span className="wide">
        {formatCount(operations.length).text} rows here, room for {formatCount(LIVE_ROWS + OLDER_ROWS).text}
      </span>
    </div>
  );
}

function showNewest(): void {
  resume();
  operations.follow();
  document.querySelector('.tb')?.scrollTo({ top: 0 });
}
