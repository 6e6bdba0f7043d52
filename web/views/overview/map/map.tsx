// How mounts depend on each other: who waits, on which mounts, and what those stand on. Not of a recording: it is of now.
import { useQuery } from '@tanstack/react-query';
import { useLayoutEffect, useMemo, useState } from 'react';
import { useStore } from 'zustand';
import type { Mount } from '../../../../shared/mount.ts';
import { mountMapQuery } from '../../../api/queries.ts';
import { useKeys } from '../../../keys/keys.ts';
import { live, shown } from '../../../live/feed.ts';
import type { StateMark } from '../../../ui/glyph.tsx';
import { Problem } from '../../../ui/problem.tsx';
import { visible } from '../../../ui/visible.ts';
import { recordingId } from '../../../url/recording.ts';
import { useViewParams } from '../../../url/use.ts';
import { isWatched } from '../order.ts';
import { layoutAcross } from './layout-across.ts';
import { layoutDown } from './layout-down.ts';
import { MapPicture } from './picture.tsx';
import { MapTable } from './table.tsx';
import './map.css';

const REFETCH_MS = 5_000;
/** Below this it runs down. */
const NARROW = 640;

export function MountMapCard() {
  const mounts = useStore(shown, (state) => state.mounts);
  if (recordingId !== null || mounts.every(({ state }) => state === 'gone')) return null;
  return <Card />;
}

function Card() {
  const [params, change] = useViewParams();
  const mounts = useStore(shown, (state) => state.mounts);
  const stalls = useStore(shown, (state) => state.stalls);
  const paused = useStore(live, (state) => state.pausedUs !== null || state.link.kind === 'down');
  const there = mounts.filter(({ state }) => state !== 'gone').map(({ id }) => id);
  // A stall's chain is known a moment after the stall.
  const chains = stalls.map(({ id, groupId, chain }) => `${id} ${groupId} ${chain.length}`);
  const query = useQuery({
    ...mountMapQuery(`${there.join(' ')}|${chains.join(',')}`),
    refetchInterval: paused ? false : REFETCH_MS,
  });
  const [box, setBox] = useState<HTMLElement | null>(null);
  const room = useRoom(box);
  const map = query.data;
  const narrow = room !== null && room < NARROW;
  const layout = useMemo(
    () => (map && room !== null ? (narrow ? layoutDown : layoutAcross)(map, room) : null),
    [map, room, narrow],
  );
  const marks = useMemo(() => new Map(mounts.map((mount) => [mount.id, markOf(mount)])), [mounts]);
  const toggle = () => change({ table: !params.table }, { replace: true });
  useKeys('overview, map', [
    { keys: ['v'], label: params.table ? 'map as picture' : 'map as table', run: toggle },
  ]);
  if (map && map.edges.length === 0) return null;
  const waits = map?.edges.some(({ reason }) => reason === 'waits');
  return (
    <section className="mount-map" aria-label="How mounts depend on each other">
      <div className="hd">
        <h2>How mounts depend on each other</h2>
        {!params.table && <Legend />}
        <span className="sp" />
        <button type="button" className="btn sm" aria-pressed={params.table} onClick={toggle}>
          {params.table ? 'As picture' : 'As table'} <kbd>v</kbd>
        </button>
      </div>
      {query.error && !map && <Problem error={query.error} onRetry={() => query.refetch()} />}
      {params.table && map ? (
        <MapTable map={map} />
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
        <section tabIndex={0} className="map-box" aria-label="Map of mounts" ref={setBox}>
          {map && layout && (
            <>
              {!narrow && (
                <div className="map-heads" style={{ width: layout.width }}>
                  <span style={{ left: layout.heads.callers }}>{waits ? 'Who waits' : 'Nobody waits'}</span>
                  <span style={{ left: layout.heads.mounts }}>Mounts</span>
                  {layout.heads.below !== null && (
                    <span style={{ left: layout.heads.below }}>What they stand on</span>
                  )}
                </div>
              )}
              {narrow && !waits && <p className="nobody">Nobody waits</p>}
              <MapPicture map={map} layout={layout} marks={marks} still={paused} />
            </>
          )}
        </section>
      )}
      {map && map.limits.length > 0 && (
        <ul className="map-limits">
          {map.limits.map((limit) => (
            <li key={limit}>{visible(limit)}</li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** As the list of mounts has it. */
const markOf = (mount: Mount): StateMark => (!isWatched(mount) && mount.state === 'ok' ? 'off' : mount.state);

const KINDS = [
  ['serves', 'takes its files from'],
  ['on', 'lies on'],
  ['flow', 'waits for'],
] as const;

function Legend() {
  return (
    <span className="map-legend">
      {KINDS.map(([kind, words]) => (
        <span key={kind}>
          <svg width="24" height="8" aria-hidden="true">
            <path className={kind === 'flow' ? 'flow' : `line ${kind}`} d="M0 4H24" />
          </svg>
          {words}
        </span>
      ))}
    </span>
  );
}

/** Width of what is in an element, px; null before it is there. */
function useRoom(element: HTMLElement | null): number | null {
  const [room, setRoom] = useState<number | null>(null);
  useLayoutEffect(() => {
    if (!element) return;
    const measure = () => {
      const { paddingLeft, paddingRight } = getComputedStyle(element);
      setRoom(element.clientWidth - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [element]);
  return room;
}
