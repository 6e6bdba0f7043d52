// The operations that have been open the longest, each a fuse that burns towards now.
import { useEffect, useRef } from 'react';
import { Link } from 'wouter';
import { useStore } from 'zustand';
import type { Span } from '../../../shared/span.ts';
import { live, shown } from '../../live/feed.ts';
import { Age, everyAge, shownNowUs } from '../../ui/age.tsx';
import { Caller } from '../../ui/caller.tsx';
import { Op } from '../../ui/glyph.tsx';
import { PathText } from '../../ui/path.tsx';
import { axisShare } from '../../ui/scale.ts';
import { operationsHref } from '../../url/use.ts';

const SHOWN = 12;

export function OpenList() {
  const open = useStore(shown, (state) => state.open);
  const stalls = useStore(shown, (state) => state.stalls);
  const stallOf = new Map(stalls.map((stall) => [stall.span.id, stall.id]));
  const inflight = useStore(live, (state) => state.gauges?.inflight ?? 0);
  return (
    <section aria-label="Open the longest">
      <div className="hd">
        <h2>Open the longest</h2>
        <span>{inflight} in flight</span>
        <span className="sp" />
        {open.length > 0 && (
          <Link className="link" href={operationsHref({ filter: 'state:open' })}>
            All of them
          </Link>
        )}
      </div>
      {open.length === 0 && <p className="quiet-note">No operation has been open for longer than 100 ms.</p>}
      <ul>
        {open.slice(0, SHOWN).map((span) => (
          <OpenRow key={span.id} span={span} stallId={stallOf.get(span.id) ?? null} />
        ))}
      </ul>
      {open.length > SHOWN && <p className="quiet-note">and {open.length - SHOWN} more</p>}
    </section>
  );
}

function OpenRow({ span, stallId }: { span: Span; stallId: number | null }) {
  const href =
    stallId === null ? operationsHref({ filter: 'state:open', span: span.id }) : `/stalls/${stallId}`;
  return (
    <li>
      <Link className="open-row" data-item href={href}>
        <span className={`right ${stallId === null ? '' : 'st strong'}`}>
          <Age sinceUs={span.startUs} />
        </span>
        <BurnBar sinceUs={span.startUs} hot={stallId !== null} />
        <Op op={span.op} />
        <PathText path={span.path} />
        <span className="ell sec">
          <Caller span={span} />
        </span>
        <span className="on">
          <PathText path={span.mount} />
        </span>
      </Link>
    </li>
  );
}

/** The age as a length on the latency axis. */
export function BurnBar({ sinceUs, hot }: { sinceUs: number; hot: boolean }) {
  const bar = useRef<HTMLElement>(null);
  useEffect(() => {
    const paint = (nowUs: number) => {
      if (bar.current) bar.current.style.width = `${axisShare((nowUs - sinceUs) * 1e3) * 100}%`;
    };
    paint(shownNowUs());
    return everyAge(paint);
  }, [sinceUs]);
  return (
    <span className="burn" aria-hidden="true">
      <i ref={bar} className={hot ? 'hot' : 'mild'}>
        {hot && <span className="spark" />}
      </i>
    </span>
  );
}
