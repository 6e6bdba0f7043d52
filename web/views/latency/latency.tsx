// Latency: one histogram large, all of its kind on the same axis, when it was so, what is behind a brush, and a
// comparison with another stretch. By operation first; by mount, caller, path, size or result when asked for.

import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { formatCount } from '../../../shared/units.ts';
import { heatmapQuery } from '../../api/queries.ts';
import { FilterBar } from '../../filter/bar.tsx';
import { useKeys } from '../../keys/keys.ts';
import { Coming } from '../../ui/coming.tsx';
import { latencyCommand } from '../../ui/commands.ts';
import { commandChoice, jsonChoice, useCopies } from '../../ui/copies.ts';
import { Problem } from '../../ui/problem.tsx';
import { Slowest } from '../../ui/slowest.tsx';
import { WINDOWS } from '../../url/params.ts';
import { recordingId } from '../../url/recording.ts';
import { useViewParams } from '../../url/use.ts';
import { pairOf, readAgainst } from './against.ts';
import { Behind } from './behind.tsx';
import { BigHistogram } from './big.tsx';
import { brushOfAll, readBrush, writeBrush } from './brush.ts';
import { Comparison } from './compare.tsx';
import { CompareMenu } from './compare-menu.tsx';
import { HeatMap } from './heat.tsx';
import { KindSwitch } from './kind-switch.tsx';
import { HISTOGRAM_KINDS, type HistogramKind, kindOf, writeKind } from './kinds.ts';
import { HistogramList } from './list.tsx';
import { NothingHere, rowsHref } from './nothing-here.tsx';
import { Outliers } from './outliers.tsx';
import { HeatTable, LatencyTable } from './tables.tsx';
import { shownBy, useComparison, useNames } from './use-compare.ts';
import { useHistograms } from './use-histograms.ts';
import { useWindow } from './use-window.ts';
import './latency.css';

const WINDOW_NAMES = { '1m': '1 min', '10m': '10 min', '1h': '1 h', all: 'All' } as const;
const COLUMNS = 120;

export default function LatencyView() {
  const [params, change] = useViewParams();
  const { key, range, refetchInterval } = useWindow(params);
  const kind = kindOf(params.by);
  const {
    query: latency,
    items,
    keys,
    isThere,
  } = useHistograms({
    kind,
    filter: params.filter,
    windowKey: key,
    range,
    refetchInterval,
  });
  const heat = useQuery({ ...heatmapQuery(key, params.filter, range, COLUMNS), refetchInterval });
  const chosen = items.find((item) => item.key === params.op) ?? items[0] ?? null;
  const choose = (op: string) => change({ op }, { replace: true });
  const divide = (next: HistogramKind) => change({ by: writeKind(next), op: null });
  const brush = readBrush(params.brush);
  const against = readAgainst(params.against);
  const comparison = useComparison({
    against,
    filter: params.filter,
    range,
    windowKey: key,
    moves: refetchInterval !== false,
  });
  const names = useNames(against);
  // It compares operations.
  const other =
    (kind.by === 'op' && comparison.data?.items.find((item) => item.key === chosen?.key)?.b) || null;
  const [choosing, setChoosing] = useState(false);
  const clear = () => change(brush ? { brush: null } : { against: null });
  useCopies([
    commandChoice(latencyCommand({ ...params, recording: recordingId }, kind.by, params.op, params.window)),
    jsonChoice(against ? 'Comparison as JSON' : 'Histograms as JSON', () =>
      against ? comparison.data : latency.data,
    ),
  ]);
  useKeys('latency', [
    {
      keys: ['o'],
      label: kind.by === 'op' ? 'next operation' : 'next histogram',
      foot: true,
      run: () => {
        const next = items[((chosen ? items.indexOf(chosen) : -1) + 1) % items.length];
        if (next) choose(next.key);
      },
    },
    {
      keys: ['g'],
      label: 'by something else',
      foot: true,
      run: () => {
        const next = HISTOGRAM_KINDS[(HISTOGRAM_KINDS.indexOf(kind) + 1) % HISTOGRAM_KINDS.length];
        if (next) divide(next);
      },
    },
    { keys: ['c'], label: 'compare', foot: true, run: () => setChoosing(true) },
    {
      keys: ['b'],
      label: 'brush all',
      run: () => {
        const all = heat.data ? brushOfAll(heat.data) : null;
        if (all) change({ brush: writeBrush(all) });
      },
    },
    ...(brush || against
      ? [
          {
            keys: ['Escape'],
            shownAs: 'Esc',
            label: brush ? 'clear brush' : 'clear comparison',
            foot: true,
            run: clear,
          },
        ]
      : []),
    {
      keys: ['v'],
      label: params.table ? 'as pictures' : 'as tables',
      foot: true,
      run: () => change({ table: !params.table }),
    },
  ]);
  const compared = against && (
    <Comparison
      query={comparison}
      pair={pairOf(shownBy(params.filter, range()), against)}
      names={names}
      onClear={() => change({ against: null })}
    />
  );
  const behind = brush && (
    <Behind
      brush={brush}
      filter={params.filter}
      asTables={params.table}
      onClear={() => change({ brush: null })}
    />
  );
  // What is wrong with both is said once; else what is known stays.
  const error = latency.error && heat.error;
  const done = items.reduce((sum, item) => sum + item.count, 0);
  return (
    <div className={params.table ? 'lat as-tables' : 'lat'}>
      <h1 className="sr">Latency</h1>
      <div className="fbar">
        <FilterBar
          filter={params.filter}
          onFilter={(filter) => change({ filter })}
          hint={`every operation; ${formatCount(done).text} ended in this window`}
        />
        {recordingId === null && (
          <fieldset className="seg" aria-label="Window">
            {WINDOWS.map((name) => (
              <button
                key={name}
                type="button"
                aria-pressed={params.range === null && params.window === name}
                onClick={() => change({ window: name, range: null })}
              >
                {WINDOW_NAMES[name]}
              </button>
            ))}
          </fieldset>
        )}
        <CompareMenu
          against={against}
          brush={brush}
          open={choosing}
          onOpen={setChoosing}
          onAgainst={(next) => change({ against: next })}
        />
        <button
          type="button"
          className="btn sm"
          aria-pressed={params.table}
          onClick={() => change({ table: !params.table })}
        >
          {params.table ? 'As pictures' : 'As tables'} <kbd>v</kbd>
        </button>
      </div>
      {error ? (
        <Problem error={error} onRetry={() => void Promise.all([latency.refetch(), heat.refetch()])} />
      ) : params.table ? (
        <>
          <KindSwitch kind={kind} onKind={divide} />
          {compared}
          {latency.error && <Problem error={latency.error} onRetry={() => void latency.refetch()} />}
          <LatencyTable kind={kind} items={items} keys={keys} />
          {heat.data && <HeatTable heat={heat.data} />}
          {behind}
        </>
      ) : (
        <>
          <section aria-label={`By ${kind.name.toLowerCase()}`}>
            <KindSwitch kind={kind} onKind={divide} />
            {compared}
            {latency.error && <Problem error={latency.error} onRetry={() => void latency.refetch()} />}
            {chosen && (
              <BigHistogram
                kind={kind}
                histogram={chosen}
                outline={other && { of: other, name: names.b }}
                href={rowsHref(params, chosen.filter)}
              />
            )}
            {chosen && chosen.filter !== '' && (
              <Outliers
                name={kind.by === 'op' ? chosen.key : null}
                only={chosen.filter}
                p99Ns={chosen.p99Ns}
                windowKey={key}
                filter={params.filter}
                range={range}
                refetchInterval={refetchInterval}
              />
            )}
            {isThere && items.length === 0 && (
              <NothingHere params={params} onClear={() => change({ filter: '' })} />
            )}
            {!isThere && !latency.error && <Coming rows={8} what="histograms" />}
            <HistogramList
              kind={kind}
              items={items}
              keys={keys}
              chosen={chosen?.key ?? null}
              onChoose={choose}
            />
          </section>
          <section aria-label="Over time">
            {heat.error && <Problem error={heat.error} onRetry={() => void heat.refetch()} />}
            {heat.data && (
              <HeatMap
                heat={heat.data}
                filtered={params.filter !== ''}
                brush={brush}
                onBrush={(next) => change({ brush: writeBrush(next) }, { replace: brush !== null })}
              />
            )}
            {behind}
            {!brush && heat.data && brushOfAll(heat.data) !== null && (
              <>
                <p className="quiet-note">
                  Drag over the picture to see what is behind a part of it: who asked, for which paths, how
                  much, with what result. <kbd>b</kbd> takes all of it.
                </p>
                <Slowest
                  windowKey={key}
                  filter={params.filter}
                  range={range}
                  refetchInterval={refetchInterval}
                  rows={8}
                />
              </>
            )}
          </section>
        </>
      )}
    </div>
  );
}
