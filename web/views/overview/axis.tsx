// One mount on the shared latency axis: ring p50, tick p99, diamond the oldest open, spark where it is stalled.
// Places are percent of the box, so nothing has to be measured.
import type { Mount } from '../../../shared/mount.ts';
import { AXIS_TICKS, axisShare } from '../../ui/scale.ts';
import { recordingId } from '../../url/recording.ts';
import { isWatched } from './order.ts';
import './axis.css';

const percent = (ns: number) => `${(axisShare(ns) * 100).toFixed(2)}%`;
/** Where an operation counts as stalled unless its mount's rules say otherwise. */
const THRESHOLD_NS = 1e9;

/** Names of the decades, every second one. */
export function AxisHead() {
  return (
    <span className="axis-head" aria-hidden="true">
      {AXIS_TICKS.filter((_, i) => i % 2 === 0).map(([ns, label]) => (
        <span key={label} style={{ left: percent(ns) }}>
          {label}
        </span>
      ))}
    </span>
  );
}

export function LatencyAxis({ mount }: { mount: Mount }) {
  const note = noteOf(mount);
  return (
    <svg className="axis-pic" width="100%" height="100%" aria-hidden="true">
      {AXIS_TICKS.map(([ns, label]) => (
        <line key={label} x1={percent(ns)} x2={percent(ns)} y1="0" y2="100%" stroke="var(--grid)" />
      ))}
      {note === null ? (
        <Marks mount={mount} />
      ) : (
        <text x="6" y="50%" dy="4">
          {note}
        </text>
      )}
    </svg>
  );
}

function noteOf(mount: Mount): string | null {
  if (mount.state === 'dead')
    return mount.topError ? `every call fails at once with ${mount.topError}` : 'its daemon is gone';
  if (mount.state === 'gone') return 'no longer mounted';
  if (mount.tier === 'none') return 'its operations are not captured';
  if (!isWatched(mount)) return 'callers from /proc only, no operations';
  return mount.p50Ns === null && mount.oldestOpenMs === null ? 'no operation in the last 60 s' : null;
}

function Marks({ mount }: { mount: Mount }) {
  const slow = mount.state === 'slow';
  const p50 = mount.p50Ns === null ? null : percent(mount.p50Ns);
  const p99 = mount.p99Ns === null ? null : percent(mount.p99Ns);
  const tone = slow ? 'var(--slow-fill)' : 'var(--ink-2)';
  return (
    <>
      <VLine x={percent(THRESHOLD_NS)} half={8} stroke="var(--line-strong)" width={1} />
      {p50 && p99 && <HLine x1={p50} x2={p99} stroke={slow ? tone : 'var(--ink-4)'} width={3} />}
      {p50 && <circle cx={p50} cy="50%" r="3.6" fill="var(--bg)" stroke={tone} strokeWidth="1.6" />}
      {p99 && <VLine x={p99} half={6} stroke={slow ? tone : 'var(--ink)'} width={2} />}
      {mount.oldestOpenMs !== null && <Oldest mount={mount} ms={mount.oldestOpenMs} from={p99} />}
    </>
  );
}

function Oldest({ mount, ms, from }: { mount: Mount; ms: number; from: string | null }) {
  const x = percent(ms * 1e6);
  if (mount.stalled === 0) {
    return (
      <svg x={x} y="50%" overflow="visible">
        <path d="M0-3.5 3.5 0 0 3.5-3.5 0Z" fill="var(--ink)" stroke="var(--bg)" />
      </svg>
    );
  }
  const at = percent(Math.min(THRESHOLD_NS, ms * 1e6));
  return (
    <>
      {from && <HLine x1={from} x2={at} stroke="var(--stalled-line)" width={1} dashed />}
      <HLine x1={at} x2={x} stroke="var(--stalled-fill)" width={3} />
      {recordingId === null && (
        <>
          <circle cx={x} cy="50%" r="9" fill="rgb(var(--spark-rgb) / .16)" />
          <circle cx={x} cy="50%" r="5.4" fill="rgb(var(--spark-rgb) / .32)" />
        </>
      )}
      <circle cx={x} cy="50%" r="3.4" fill="var(--stalled-fill)" />
      {recordingId === null && <circle cx={x} cy="50%" r="1.5" fill="var(--spark-core)" />}
    </>
  );
}

function HLine(props: { x1: string; x2: string; stroke: string; width: number; dashed?: boolean }) {
  return (
    <line
      x1={props.x1}
      x2={props.x2}
      y1="50%"
      y2="50%"
      stroke={props.stroke}
      strokeWidth={props.width}
      strokeDasharray={props.dashed ? '2 3' : undefined}
    />
  );
}

/** A tick across the middle. An inner svg takes percent for its place and pixels for what is in it. */
function VLine(props: { x: string; half: number; stroke: string; width: number }) {
  return (
    <svg x={props.x} y="50%" overflow="visible">
      <path d={`M0-${props.half}V${props.half}`} stroke={props.stroke} strokeWidth={props.width} />
    </svg>
  );
}
