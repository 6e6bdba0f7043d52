// The inspector: one operation with its arguments, its place among others of its kind, and its event lines.
import { useQuery } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { Link } from 'wouter';
import { useStore } from 'zustand';
import { opClass } from '../../../shared/ops.ts';
import { endUs, resultOf, type Span } from '../../../shared/span.ts';
import { formatDuration, formatWall } from '../../../shared/units.ts';
import { spanQuery } from '../../api/queries.ts';
import { openLayer } from '../../frame/layers.ts';
import { live } from '../../live/feed.ts';
import { Age } from '../../ui/age.tsx';
import { CopyButton } from '../../ui/copy.tsx';
import { Duration } from '../../ui/figure.tsx';
import { Op } from '../../ui/glyph.tsx';
import { PathText } from '../../ui/path.tsx';
import { Problem } from '../../ui/problem.tsx';
import { visible } from '../../ui/visible.ts';
import { spanFacts } from './detail.ts';
import { EventLines } from './event-lines.tsx';
import type { Jump } from './jumps.ts';
import { Neighbours } from './neighbours.tsx';
import { PlaceAmongOthers } from './place.tsx';
import { isSlow, isTrouble } from './slow.ts';
import './inspector.css';

const JUMP_WORDS: Readonly<Record<Jump['key'], string>> = {
  t: 'Timeline',
  p: 'Story',
  o: 'Process',
  g: 'Stall',
};

interface InspectorProps {
  id: number;
  /** The span where the table has it; else it is asked for. */
  known: Span | null;
  /** Ways to what else shows it. */
  jumpsOf?: (span: Span) => Jump[];
  onClose: () => void;
}

export function Inspector({ id, known, jumpsOf, onClose }: InspectorProps) {
  // An open span's row is old news once it has ended; what ended never changes.
  const query = useQuery({
    ...spanQuery(id),
    enabled: known === null || known.state === 'open',
    refetchInterval: (q) => (q.state.data?.state === 'open' ? 1_000 : false),
  });
  const span = query.data ?? known;
  return (
    <aside className="insp" aria-label="Selected operation">
      <button type="button" className="icb insp-close" onClick={onClose} aria-label="Close the inspector">
        <X className="ic" aria-hidden />
      </button>
      {span ? (
        <SpanDetails span={span} jumps={jumpsOf?.(span) ?? []} />
      ) : query.error ? (
        <Problem error={query.error} />
      ) : null}
    </aside>
  );
}

function SpanDetails({ span, jumps }: { span: Span; jumps: readonly Jump[] }) {
  const stall = useStore(live, (state) => state.stalls.find((s) => s.span.id === span.id));
  const open = span.state === 'open';
  const tone = open ? 'st' : isTrouble(span) ? 'er' : isSlow(span.op, span.durationNs) ? 'sl' : '';
  return (
    <>
      <h2>
        <Op op={span.op} />
        <span className={`sp right ${tone}`}>
          {open ? <Age sinceUs={span.startUs} /> : <Duration ns={span.durationNs} />}
        </span>
      </h2>
      <PathText path={`${span.mount.replace(/\/$/, '')}${span.path ?? ''}`} />
      <SpanBar span={span} />
      <p className="insp-result">
        Result <b className={tone || (span.errno === 0 ? 'dim' : 'sec')}>{resultOf(span)}</b>
        {stall && (
          <Link className="link" href={`/stalls/${stall.id}`}>
            Stall {stall.id}
          </Link>
        )}
      </p>
      {!open && span.durationNs !== null && <PlaceAmongOthers span={span} />}
      <h3>Arguments</h3>
      <dl className="kv">
        {spanFacts(span).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Neighbours span={span} />
      <h3>As event lines</h3>
      <EventLines span={span} />
      <div className="insp-acts">
        {jumps
          .filter(({ key }) => key !== 'g')
          .map((jump) => (
            <Link key={jump.key} className="btn sm" href={jump.href} aria-label={jump.label}>
              {JUMP_WORDS[jump.key]} <kbd>{jump.key}</kbd>
            </Link>
          ))}
        <CopyButton
          text={visible(`${span.mount.replace(/\/$/, '')}${span.path ?? ''}`)}
          label="Path"
          what="of this operation"
        />
        <button type="button" className="btn sm ghost" onClick={() => openLayer('copy')}>
          Copy as <kbd>y</kbd>
        </button>
      </div>
    </>
  );
}

/** Queue time hatched, service time solid; an open one has no end but a spark. */
function SpanBar({ span }: { span: Span }) {
  const open = span.state === 'open';
  const queue = span.queueNs !== null && span.durationNs ? Math.min(1, span.queueNs / span.durationNs) : 0;
  return (
    <>
      <span className={`qs b-${opClass(span.op)}`} aria-hidden="true">
        {queue > 0 && <i className="q" style={{ width: `${queue * 100}%` }} />}
        <i className={open ? 'hot' : 's'}>{open && <span className="spark" />}</i>
      </span>
      <div className="qs-words">
        {span.queueNs !== null && <span>queue {formatDuration(span.queueNs).text}</span>}
        {span.queueNs !== null && span.durationNs !== null && (
          <span>service {formatDuration(Math.max(0, span.durationNs - span.queueNs)).text}</span>
        )}
      </div>
      <div className="qs-words dim">
        <span>ENTER {formatWall(span.startUs).text}</span>
        {!open && <span>EXIT {formatWall(endUs(span)).text.slice(6)}</span>}
      </div>
    </>
  );
}
