// All histograms of a kind on one axis, small, each with its percentiles and what is still open.
import type { HistogramAnswer } from '../../../shared/api.ts';
import { formatCount } from '../../../shared/units.ts';
import { colour, faded } from '../../theme/colours.ts';
import { Canvas, type Pen } from '../../ui/canvas.tsx';
import { spark } from '../../ui/draw.ts';
import { Duration } from '../../ui/figure.tsx';
import { drawBars } from '../../ui/histogram.ts';
import { AXIS_TICKS, axisShare, BURNS_FROM_MS, binOnAxis } from '../../ui/scale.ts';
import { isSlow } from '../operations/slow.ts';
import { HistogramName, MoreKeys } from './histogram-name.tsx';
import { barToken, type HistogramKind, nameOf } from './kinds.ts';
import './list.css';

const BINS = 140;

interface HistogramListProps {
  kind: HistogramKind;
  items: readonly HistogramAnswer[];
  /** How many there are; of many not all are shown. */
  keys: number;
  chosen: string | null;
  onChoose: (key: string) => void;
}

export function HistogramList({ kind, items, keys, chosen, onChoose }: HistogramListProps) {
  if (items.length === 0) return null;
  return (
    <div className={kind.by === 'op' ? 'hbox' : 'hbox named'}>
      <div className="hrow hhead" aria-hidden="true">
        <span>{kind.name}</span>
        <span className="haxis">
          {AXIS_TICKS.filter((_, i) => i % 2 === 1).map(([ns, label]) => (
            <span key={label} style={{ left: `${axisShare(ns) * 100}%` }}>
              {label}
            </span>
          ))}
        </span>
        <span className="right">p50</span>
        <span className="right">p90</span>
        <span className="right">p99</span>
        <span className="right">max</span>
      </div>
      <ul className="hlist">
        {items.map((item) => (
          <li key={item.key}>
            <button
              type="button"
              className="hrow"
              aria-pressed={item.key === chosen}
              onClick={() => onChoose(item.key)}
            >
              <span>
                <HistogramName kind={kind} name={item.key} />
                <small>
                  {formatCount(item.count).text}
                  {item.open > 0 && (
                    <b className={isOld(item) ? 'st' : ''}> +{formatCount(item.open).text} open</b>
                  )}
                </small>
              </span>
              <Canvas
                label={`Histogram of ${nameOf(kind, item.key)}`}
                draw={(pen) => drawSmall(pen, item, barToken(kind, item.key))}
              />
              <Named name="p50" ns={item.p50Ns} />
              <Named name="p90" ns={item.p90Ns} />
              <Named name="p99" ns={item.p99Ns} slow={kind.by === 'op' && isSlow(item.key, item.p99Ns)} />
              <Named name="max" ns={item.maxNs} slow={kind.by === 'op' && isSlow(item.key, item.maxNs)} />
            </button>
          </li>
        ))}
      </ul>
      <MoreKeys items={items} keys={keys} />
    </div>
  );
}

function Named({ name, ns, slow = false }: { name: string; ns: number | null; slow?: boolean }) {
  return (
    <span className={`right ${slow ? 'sl' : ''}`}>
      <span className="sr">{name} </span>
      <Duration ns={ns} />
    </span>
  );
}

const BASE = 36;

function drawSmall({ c, width }: Pen, item: HistogramAnswer, token: string): void {
  c.fillStyle = colour('grid');
  for (const [ns] of AXIS_TICKS) c.fillRect(Math.round(axisShare(ns) * width), 0, 1, 40);
  drawBars(c, binOnAxis(item.buckets, BINS), { x: 0, width, top: 6, base: BASE }, token);
  c.fillStyle = colour('line-strong');
  c.fillRect(0, BASE, width, 1);
  c.fillStyle = colour('ink');
  if (item.p50Ns !== null) c.fillRect(Math.round(axisShare(item.p50Ns) * width), 18, 1, 18);
  if (item.p99Ns !== null) c.fillRect(Math.round(axisShare(item.p99Ns) * width), 4, 1, 32);
  if (item.oldestOpenMs === null || item.oldestOpenMs < BURNS_FROM_MS) return;
  const x = Math.min(width - 4, axisShare(item.oldestOpenMs * 1e6) * width);
  const from = Math.min(x, axisShare(1e9) * width);
  c.fillStyle = faded('stalled-fill', 0.55);
  c.fillRect(from, BASE - 1.5, x - from, 3);
  spark(c, x, BASE, 1.8);
}

const isOld = (item: HistogramAnswer) => (item.oldestOpenMs ?? 0) >= BURNS_FROM_MS;
