// The foot: the keys of the view at the left, the instrument about itself at the right.
import { useStore } from 'zustand';
import type { Mount } from '../../shared/mount.ts';
import { formatBytes, formatDuration, formatRound } from '../../shared/units.ts';
import { keyLayers, topmostFirst } from '../keys/keys.ts';
import { live } from '../live/feed.ts';
import { recordingId } from '../url/recording.ts';
import './foot.css';

export function Foot() {
  const layers = useStore(keyLayers, (state) => state.layers);
  const keys = topmostFirst(layers)
    .flatMap((layer) => layer.actions)
    .filter((action) => action.foot);
  return (
    <footer className="foot">
      <span className="foot-keys">
        {keys.map((action) => (
          <span key={action.label}>
            <kbd>{action.shownAs ?? action.keys[0]}</kbd>
            {action.label}
          </span>
        ))}
      </span>
      <Instrument />
    </footer>
  );
}

function Instrument() {
  const gauges = useStore(live, (state) => state.gauges);
  const mounts = useStore(live, (state) => state.mounts);
  const lengthUs = useStore(live, ({ recording }) => recording && recording.toUs - recording.fromUs);
  if (!gauges) return <span>{location.host}</span>;
  const { store } = gauges;
  const held =
    store.oldestUs === null
      ? ''
      : `, ${formatDuration(Math.max(0, gauges.nowUs - store.oldestUs) * 1e3).text}`;
  if (recordingId !== null)
    return (
      <>
        <span className="wide">{mounts.length === 1 ? '1 mount' : `${mounts.length} mounts`} in it</span>
        <span>
          recording {formatBytes(store.sizeBytes).text}, {formatRound((lengthUs ?? 0) * 1e3).text}
        </span>
        <span className="wide">{location.host}</span>
      </>
    );
  return (
    <>
      <span className="wide">{coverage(mounts)}</span>
      <span>
        lag <b>{gauges.lagMs < 1 ? '< 1 ms' : formatDuration(gauges.lagMs * 1e6).text}</b>
      </span>
      {store.state === 'failing' ? (
        <span className="er" title={store.message ?? undefined}>
          store fails{store.message ? `: ${store.message}` : ''}
        </span>
      ) : (
        <span>
          store{' '}
          {store.spans === 0
            ? 'empty'
            : `${formatBytes(store.sizeBytes).text} of ${formatBytes(store.maxBytes).text}${held}`}
        </span>
      )}
      <span className="wide">{location.host}</span>
    </>
  );
}

/** How much of what is mounted is watched, and by what. */
function coverage(mounts: readonly Mount[]): string {
  const there = mounts.filter((mount) => mount.state !== 'gone');
  if (there.length === 0) return 'no mounts';
  const watched = there.filter((mount) => mount.tier !== 'none' && mount.tier !== 'proc');
  const tiers = [...new Set(watched.map((mount) => mount.tier))];
  const by = tiers.length === 0 ? '' : ` by ${tiers.join(', ')}`;
  return `${watched.length} of ${there.length} ${there.length === 1 ? 'mount' : 'mounts'} watched${by}`;
}
