// The hover card: what the bar or column under the pointer is. What the picture lacks is asked for by id.
import { useQuery } from '@tanstack/react-query';
import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { opClass } from '../../../shared/ops.ts';
import { formatCount, formatDuration, formatWall } from '../../../shared/units.ts';
import { spanQuery } from '../../api/queries.ts';
import { Age } from '../../ui/age.tsx';
import { Duration } from '../../ui/figure.tsx';
import { Op } from '../../ui/glyph.tsx';
import { PathText } from '../../ui/path.tsx';
import { visible } from '../../ui/visible.ts';
import { detailText } from '../operations/detail.ts';
import type { Bar, Lane } from './picture.ts';
import type { Hit } from './places.ts';
import { toneOfBar } from './tone.ts';

/** So long must the pointer rest before more is asked for. */
const REST_MS = 120;
const TONES = { plain: '', slow: 'sl', stalled: 'st', error: 'er' } as const;

export function Card(props: { hit: Hit; x: number; y: number; within: RefObject<HTMLElement | null> }) {
  const { hit, x, y, within } = props;
  const ref = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 316, height: 180 });
  useLayoutEffect(() => {
    const box = ref.current?.getBoundingClientRect();
    if (box && (Math.abs(box.height - size.height) > 1 || Math.abs(box.width - size.width) > 1)) {
      setSize({ width: box.width, height: box.height });
    }
  });
  const stage = within.current?.getBoundingClientRect();
  const bottom = Math.min(stage?.bottom ?? innerHeight, innerHeight - 30);
  const [left, top] = [(stage?.left ?? 0) + x, (stage?.top ?? 0) + y];
  // Beside the pointer, on the side where there is room; never under it.
  const at = {
    left: left + 16 + size.width < innerWidth ? left + 16 : Math.max(4, left - 16 - size.width),
    top: Math.max(4, Math.min(top + 14, bottom - size.height - 4)),
  };
  return (
    <div className="tl-card" ref={ref} style={at}>
      {hit.kind === 'bar' ? <BarCard lane={hit.lane} bar={hit.bar} /> : <ColumnCard hit={hit} />}
    </div>
  );
}

function BarCard({ lane, bar }: { lane: Lane; bar: Bar }) {
  const resting = useResting(bar.id);
  const { data: span } = useQuery({ ...spanQuery(bar.id), enabled: resting, staleTime: 10_000 });
  const open = bar.durationNs === null;
  const queue = bar.queueNs !== null && bar.durationNs ? Math.min(1, bar.queueNs / bar.durationNs) : 0;
  const detail = span ? detailText(span) : '';
  return (
    <>
      <div className="tl-card-head">
        <Op op={bar.op} />
        <span className={`strong ${open ? 'st' : TONES[toneOfBar(bar)]}`}>
          {open ? <Age sinceUs={bar.startUs} /> : <Duration ns={bar.durationNs} />}
        </span>
      </div>
      {bar.path !== null && <PathText path={`${lane.mount.replace(/\/$/, '')}${bar.path}`} room={48} />}
      <span className={`qs b-${opClass(bar.op)}`} aria-hidden="true">
        {queue > 0 && <i className="q" style={{ width: `${queue * 100}%` }} />}
        <i className={open ? 'hot' : 's'} />
      </span>
      {bar.queueNs !== null && bar.durationNs !== null && (
        <div className="qs-words">
          <span>queue {formatDuration(bar.queueNs).text}</span>
          <span>service {formatDuration(Math.max(0, bar.durationNs - bar.queueNs)).text}</span>
        </div>
      )}
      <dl>
        <Fact name="ENTER" value={formatWall(bar.startUs).text} />
        {bar.durationNs !== null && <Fact name="Duration" value={`${formatCount(bar.durationNs).text} ns`} />}
        {bar.errno > 0 && <Fact name="Result" value={span?.error ?? `errno ${bar.errno}`} />}
        {detail !== '' && <Fact name="Detail" value={detail} />}
        <Fact name="Caller" value={callerText(span?.comm ?? lane.label, span?.pid ?? lane.thread)} />
        {span?.daemonTid != null && <Fact name="Daemon" value={`thread ${span.daemonTid}`} />}
      </dl>
    </>
  );
}

function ColumnCard({ hit }: { hit: Extract<Hit, { kind: 'column' }> }) {
  return (
    <>
      <div className="tl-card-head">
        <b>
          {formatCount(hit.count).text} {hit.count === 1 ? 'operation' : 'operations'}
        </b>
        <span className="sec">in {formatDuration((hit.toUs - hit.fromUs) * 1e3).text}</span>
      </div>
      <dl>
        <Fact name="From" value={formatWall(hit.fromUs).text} />
        <dt>Mostly</dt>
        <dd>
          <Op op={hit.op} />
        </dd>
        {hit.errors > 0 && <Fact name="Errors" value={formatCount(hit.errors).text} tone="er" />}
        <Fact name="Caller" value={callerText(hit.lane.label, hit.lane.thread)} />
      </dl>
      <p className="dim">A click zooms in on them.</p>
    </>
  );
}

function Fact({ name, value, tone = '' }: { name: string; value: string; tone?: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd className={tone}>{value}</dd>
    </>
  );
}

const callerText = (comm: string | null, thread: number | null) =>
  [comm === null ? null : visible(comm), thread].filter((part) => part !== null).join(' ') || '–';

function useResting(id: number): boolean {
  const [rested, setRested] = useState<number | null>(null);
  useEffect(() => {
    const timer = setTimeout(() => setRested(id), REST_MS);
    return () => clearTimeout(timer);
  }, [id]);
  return rested === id;
}
