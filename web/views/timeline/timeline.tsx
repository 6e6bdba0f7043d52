// Timeline: lanes of bars by time. The picture lives in the model, outside React; this keeps it and the URL together
// and stands the parts around it.
import { useQuery } from '@tanstack/react-query';
import { useEffect, useReducer, useRef } from 'react';
import { useStore } from 'zustand';
import { fetchSpans, spanQuery, summaryQuery } from '../../api/queries.ts';
import { setFramed } from '../../frame/framed.ts';
import { live } from '../../live/feed.ts';
import { frames } from '../../live/frames.ts';
import { shownNowUs } from '../../ui/age.tsx';
import { operationsCommand } from '../../ui/commands.ts';
import { commandChoice, useCopies } from '../../ui/copies.ts';
import { Problem } from '../../ui/problem.tsx';
import type { ViewParams } from '../../url/params.ts';
import { recordingId } from '../../url/recording.ts';
import { useViewParams } from '../../url/use.ts';
import { Inspector } from '../operations/inspector.tsx';
import { LANES, TimelineBar } from './bar.tsx';
import { endOpenBars } from './ended.ts';
import { useTimelineKeys } from './keys.ts';
import type { TimelineModel } from './model.ts';
import type { Bar } from './picture.ts';
import { Selected } from './selected.tsx';
import { timeline } from './shared-model.ts';
import { PickedWords, Stage } from './stage.tsx';
import { factsOf, LaneTable } from './table.tsx';
import { around, lengthOf } from './viewport.ts';
import './timeline.css';

const COPIED = 1_000;

const WRITTEN_AFTER_MS = 250;
const REFRESH_MS = 500;
/** Loading is said after so long. */
const LOADING_AFTER_MS = 200;

type Change = (part: Partial<ViewParams>, options?: { replace?: boolean }) => void;

export default function TimelineView() {
  return <TimelineOf model={timeline} />;
}

function TimelineOf({ model }: { model: TimelineModel }) {
  const [params, change] = useViewParams();
  const connected = useStore(live, (state) => state.server !== null);
  const { filter, lanes } = params;
  useRefresh(model);
  useUrl(model, params, change);
  useSpanOfUrl(model, params);
  useEffect(() => {
    if (!connected) return;
    model.begin(filter, lanes);
    return () => model.end();
  }, [model, connected, filter, lanes]);
  const pick = (bar: Bar | null) => {
    model.picked = bar?.id ?? null;
    model.repaint();
    change({ span: model.picked }, { replace: true });
  };
  const select = (range: { fromUs: number; toUs: number } | null) => {
    model.selection = range;
    model.repaint();
    change({ selected: range }, { replace: true });
  };
  const followNow = () => {
    model.followNow(lengthOf(model.now()));
    change({ range: null, lastS: model.lengthUs / 1e6 }, { replace: true });
  };
  useTimelineKeys(model, { pick, select, followNow, table: () => change({ table: !params.table }) }, params);
  const { selected } = params;
  const stretch =
    selected?.fromUs != null && selected.toUs != null
      ? { fromUs: selected.fromUs, toUs: selected.toUs }
      : null;
  const { data: summary } = useQuery({
    ...summaryQuery(filter, stretch ?? { fromUs: 0, toUs: 1 }),
    enabled: stretch !== null,
    placeholderData: undefined,
  });
  const asked = { filter, range: stretch ?? params.range, recording: recordingId };
  useCopies([
    commandChoice(operationsCommand(asked)),
    {
      label: `JSON of the first ${COPIED} operations`,
      text: async () => {
        const range = stretch ?? model.now();
        const { items } = await fetchSpans({ filter, range, order: 'start:asc', limit: COPIED });
        return JSON.stringify(items, null, 1);
      },
    },
  ]);
  const inView = inViewOf(model);
  const gutterHead = LANES.find(([kind]) => kind === lanes)?.[2] ?? '';
  return (
    <div className={`tl ${params.span === null ? '' : 'with-insp'}`}>
      <h1 className="sr">Timeline</h1>
      <TimelineBar
        model={model}
        lanes={lanes}
        filter={filter}
        inView={inView}
        onLanes={(next) => change({ lanes: next })}
        onFilter={(next) => change({ filter: next })}
        onFollow={followNow}
      />
      <p className="sr" id="tl-how">
        w and s zoom, a and d pan, arrows go from operation to operation, m marks, e selects what is in view,
        v shows a table.
      </p>
      <div className="tl-plot">
        {params.table ? (
          <LaneTable model={model} onPick={pick} />
        ) : (
          <Stage
            model={model}
            gutterHead={gutterHead}
            selected={stretch ? (summary?.operations ?? null) : null}
            onPick={pick}
            onSelect={select}
          />
        )}
        <Notice model={model} />
      </div>
      <div className="sr" aria-live="polite">
        <PickedWords bar={model.pickedBar()} />
      </div>
      {params.span !== null && <Inspector id={params.span} known={null} onClose={() => pick(null)} />}
      {stretch && (
        <Selected
          range={stretch}
          filter={filter}
          onClear={() => select(null)}
          onZoom={() => {
            model.show(around(stretch.fromUs, stretch.toUs));
            model.onMove();
          }}
        />
      )}
    </div>
  );
}

/** What the lines above and beside the picture say changes twice a second. */
function useRefresh(model: TimelineModel): void {
  const [, again] = useReducer((n: number) => n + 1, 0);
  useEffect(
    () =>
      frames.beat(REFRESH_MS, () => {
        endOpenBars(model.loader.picture, () => model.repaint());
        const { fromUs, toUs } = model.now();
        setFramed({ fromUs, toUs: Math.min(toUs, shownNowUs()) });
        again();
      }),
    [model],
  );
  useEffect(() => () => setFramed(null), []);
}

/** Takes what the URL says, and writes down where the user has moved once they rest. */
function useUrl(model: TimelineModel, params: ViewParams, change: Change): void {
  const written = useRef('');
  const fromUs = params.range?.fromUs ?? null;
  const toUs = params.range?.toUs ?? null;
  const ranged = params.range !== null;
  useEffect(() => {
    const key = `${fromUs} ${toUs} ${params.lastS}`;
    if (written.current === key) return;
    written.current = key;
    if (ranged) {
      const end = toUs ?? shownNowUs();
      model.show({ fromUs: Math.min(fromUs ?? end - params.lastS * 1e6, end - 20), toUs: end });
    } else model.followNow(params.lastS * 1e6);
  }, [model, fromUs, toUs, ranged, params.lastS]);
  useEffect(() => {
    model.picked = params.span;
    model.selection = params.selected;
    model.marks = params.marks;
    model.repaint();
  }, [model, params.span, params.selected, params.marks]);
  const latest = useRef(change);
  latest.current = change;
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    model.onMove = () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        const view = model.now();
        const range = model.follow ? null : { fromUs: Math.round(view.fromUs), toUs: Math.round(view.toUs) };
        const lastS = model.follow ? model.lengthUs / 1e6 : params.lastS;
        written.current = `${range?.fromUs ?? null} ${range?.toUs ?? null} ${Number(lastS.toPrecision(4))}`;
        latest.current({ range, lastS, marks: model.marks }, { replace: true });
      }, WRITTEN_AFTER_MS);
    };
    return () => {
      clearTimeout(timer);
      model.onMove = () => {};
    };
  }, [model, params.lastS]);
}

/** A link to an operation without a range shows that operation, with what was around it. */
function useSpanOfUrl(model: TimelineModel, params: ViewParams): void {
  const wanted = useRef(params.range === null ? params.span : null);
  const { data: span } = useQuery({ ...spanQuery(wanted.current ?? 0), enabled: wanted.current !== null });
  useEffect(() => {
    if (wanted.current === null || !span) return;
    wanted.current = null;
    const end = span.durationNs === null ? shownNowUs() : span.startUs + span.durationNs / 1e3;
    model.show(around(span.startUs, end, 2));
    model.onMove();
  }, [model, span]);
}

function inViewOf(model: TimelineModel): { operations: number; lengthUs: number } | null {
  const { picture } = model.loader;
  if (!picture) return null;
  const view = model.now();
  const counts = model.lines.map(({ row }) => (row ? factsOf(picture, row, view).count : 0));
  return { operations: counts.reduce((sum, count) => sum + count, 0), lengthUs: lengthOf(view) };
}

/** What stands over the picture: why there is nothing, or not yet. */
function Notice({ model }: { model: TimelineModel }) {
  const { error, picture, waitingSince } = model.loader;
  if (error) {
    return (
      <div className="tl-notice">
        <Problem error={error} onRetry={() => model.loader.retry()} />
      </div>
    );
  }
  if (!picture) {
    const late = waitingSince !== null && performance.now() - waitingSince > LOADING_AFTER_MS;
    return late ? <p className="tl-notice">Reading what is stored of this time…</p> : null;
  }
  if (picture.lanes.size > 0) return null;
  return (
    <p className="tl-notice">
      Nothing was under way in this time{model.follow ? '; what begins now draws itself here' : ''}.
    </p>
  );
}
