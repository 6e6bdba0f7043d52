// The line above the picture: what lanes are, the filter, how much is in view, and the moves for those without a wheel.
import { ZoomIn, ZoomOut } from 'lucide-react';
import type { LaneKind } from '../../../shared/timeline.ts';
import { formatCount, formatRound } from '../../../shared/units.ts';
import { FilterBar } from '../../filter/bar.tsx';
import { recordingId } from '../../url/recording.ts';
import type { TimelineModel } from './model.ts';

export const LANES: readonly (readonly [LaneKind, name: string, gutterHead: string])[] = [
  ['caller', 'Caller', 'thread'],
  ['daemon', 'Daemon thread', 'thread'],
  ['op', 'Operation', ''],
  ['path', 'Path', ''],
  ['mount', 'Mount', ''],
];

interface BarProps {
  model: TimelineModel;
  lanes: LaneKind;
  filter: string;
  /** Operations in view, and how long that is. */
  inView: { operations: number; lengthUs: number } | null;
  onLanes: (lanes: LaneKind) => void;
  onFilter: (filter: string) => void;
  onFollow: () => void;
}

export function TimelineBar({ model, lanes, filter, inView, onLanes, onFilter, onFollow }: BarProps) {
  return (
    <div className="fbar tl-bar">
      <span className="seg" role="group" aria-label="A lane for each">
        {LANES.map(([kind, name]) => (
          <button key={kind} type="button" aria-pressed={kind === lanes} onClick={() => onLanes(kind)}>
            {name}
          </button>
        ))}
      </span>
      <FilterBar filter={filter} onFilter={onFilter} hint="path:  comm:  errno:  dur:>10ms" />
      <span className="tl-count">
        {inView && (
          <>
            <b>{formatCount(inView.operations).text}</b> in {formatRound(inView.lengthUs * 1e3).text}
          </>
        )}
      </span>
      <span className="tl-moves">
        <button
          type="button"
          className="icb"
          aria-label="Zoom in"
          title="Zoom in (w)"
          onClick={() => model.zoom(0.5)}
        >
          <ZoomIn className="ic" aria-hidden />
        </button>
        <button
          type="button"
          className="icb"
          aria-label="Zoom out"
          title="Zoom out (s)"
          onClick={() => model.zoom(2)}
        >
          <ZoomOut className="ic" aria-hidden />
        </button>
        <button type="button" className="btn sm ghost" onClick={() => model.fit()}>
          Fit <kbd>f</kbd>
        </button>
        {recordingId === null && (
          <button
            type="button"
            className="btn sm"
            aria-pressed={model.follow}
            disabled={model.follow}
            onClick={onFollow}
          >
            {model.follow ? 'Following' : 'Follow live'} <kbd>l</kbd>
          </button>
        )}
      </span>
    </div>
  );
}
