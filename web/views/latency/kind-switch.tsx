// What the histograms are told apart by.
import { HISTOGRAM_KINDS, type HistogramKind } from './kinds.ts';
import '../../ui/seg.css';
import './kind-switch.css';

interface KindSwitchProps {
  kind: HistogramKind;
  onKind: (kind: HistogramKind) => void;
}

export function KindSwitch({ kind, onKind }: KindSwitchProps) {
  return (
    <div className="kinds">
      <span aria-hidden="true">By</span>
      <fieldset className="seg" aria-label="Histograms by">
        {HISTOGRAM_KINDS.map((one) => (
          <button key={one.by} type="button" aria-pressed={one === kind} onClick={() => onKind(one)}>
            {one.name}
          </button>
        ))}
      </fieldset>
      <kbd>g</kbd>
    </div>
  );
}
