// One stall: the sentence and its cause, its life line, the chain with its evidence, who waits, what came before, and
// the way out.
import { useQuery } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { useStore } from 'zustand';
import type { Stall } from '../../../shared/stall.ts';
import { formatDuration, formatWall } from '../../../shared/units.ts';
import { stallQuery } from '../../api/queries.ts';
import { useKeys } from '../../keys/keys.ts';
import { live } from '../../live/feed.ts';
import { Age, shownNowUs } from '../../ui/age.tsx';
import { Canvas } from '../../ui/canvas.tsx';
import { stallsCommand } from '../../ui/commands.ts';
import { commandChoice, jsonChoice, useCopies } from '../../ui/copies.ts';
import { CopyButton } from '../../ui/copy.tsx';
import { Duration } from '../../ui/figure.tsx';
import { StateGlyph } from '../../ui/glyph.tsx';
import { PathText } from '../../ui/path.tsx';
import { Problem } from '../../ui/problem.tsx';
import { StallSentence } from '../../ui/sentence.tsx';
import { stallSentence } from '../../ui/stall-text.ts';
import { visible } from '../../ui/visible.ts';
import { DEFAULT_PARAMS, writeParams } from '../../url/params.ts';
import { recordingId } from '../../url/recording.ts';
import { term } from '../../url/terms.ts';
import { operationsHref } from '../../url/use.ts';
import { BeforeIt } from './before.tsx';
import { CauseText, endedWords } from './cause.tsx';
import { Chain, DaemonThreads } from './chain.tsx';
import { drawLife } from './life.ts';
import { OperationFacts } from './operation.tsx';
import { Recurrence, recurrenceWords, useBefore } from './recurrence.tsx';
import { DemoNote, ReleaseButton, useDemoMirror } from './release.tsx';
import { Seen } from './seen.tsx';
import { Waiters } from './waiters.tsx';
import { Ways } from './ways.tsx';
import './stall.css';

/** Operations around a stall: from so long before its ENTER. */
const BEFORE_US = 5e6;
const LOOK_MS = 1_500;

export function StallView({ id }: { id: number }) {
  const fromFeed = useStore(
    live,
    (state) => state.stalls.find((s) => s.id === id) ?? state.closedStalls.find((s) => s.id === id) ?? null,
  );
  // Lists and the feed go without stacks and waiters; this page asks for them, again while it hangs.
  const query = useQuery({
    ...stallQuery(id),
    refetchInterval: ({ state }) => state.data?.state === 'open' && recordingId === null && LOOK_MS,
  });
  useNeighbours(id);
  const stall = joined(fromFeed, query.data ?? null);
  if (!stall) return query.error ? <Problem error={query.error} onRetry={() => query.refetch()} /> : null;
  return <StallPage stall={stall} />;
}

/** What the feed says is newer, what the answer says is more. */
function joined(feed: Stall | null, whole: Stall | null): Stall | null {
  if (!feed || !whole) return feed ?? whole;
  const { caller, daemon, waiters } = whole;
  const same = feed.cause?.text === whole.cause?.text && feed.chain.length === whole.chain.length;
  return { ...feed, caller, daemon, waiters, chain: same ? whole.chain : feed.chain };
}

/** j and k go from one open stall to the next. */
function useNeighbours(id: number): void {
  const [, navigate] = useLocation();
  const go = (by: number) => {
    const { stalls } = live.getState();
    if (stalls.length === 0) return;
    const at = stalls.findIndex((stall) => stall.id === id);
    const next = stalls[(Math.max(0, at) + by + stalls.length) % stalls.length];
    if (next) navigate(`/stalls/${next.id}`);
  };
  useKeys('stall', [
    { keys: ['j', 'ArrowDown'], shownAs: 'j k', label: 'next, previous stall', foot: true, run: () => go(1) },
    { keys: ['k', 'ArrowUp'], shownAs: 'k', label: 'previous stall', run: () => go(-1) },
    { keys: ['Escape'], shownAs: 'Esc', label: 'all stalls', foot: true, run: () => navigate('/stalls') },
  ]);
}

function StallPage({ stall }: { stall: Stall }) {
  const { span } = stall;
  const open = stall.state === 'open';
  const latest = useRef(stall);
  latest.current = stall;
  useCopies([
    commandChoice(stallsCommand({ recording: recordingId })),
    jsonChoice('JSON of this stall', () => latest.current),
  ]);
  const [unfolded, setUnfolded] = useState(false);
  const out = useRef<HTMLDivElement>(null);
  const [, navigate] = useLocation();
  useKeys('stall, stacks', [
    { keys: ['e'], label: 'unfold stacks', foot: true, run: () => setUnfolded((now) => !now) },
    { keys: ['t'], label: 'timeline around it', foot: true, run: () => navigate(timelineHref(stall)) },
  ]);
  // The demo's hang is let go by one harmless button; elsewhere the way out is looked at first.
  const isDemo = useDemoMirror(span) !== null;
  const again = recurrenceWords(stall, useBefore(stall));
  return (
    <article className={`stall ${open ? 'is-open' : ''}`} aria-label={stallSentence(span)}>
      <div className="crumb">
        <StateGlyph state={open ? 'stalled' : 'off'} word={false} />
        <Link className="link" href="/stalls">
          Stalls
        </Link>
        <span>/ {stall.id}</span>
        <span className="ell">
          {open ? 'open' : 'ended'}, ENTER {formatWall(span.startUs).clock}, raised after{' '}
          {formatDuration(stall.thresholdMs * 1e6).text}
        </span>
        <span className="sp" />
        {again !== null && <span className="ell">{visible(again)}</span>}
        <Link className="btn sm ghost around" href={timelineHref(stall)}>
          Timeline around it <kbd>t</kbd>
        </Link>
        <CopyButton text={location.href} label="URL" what="of this stall" />
        <CopyButton text={JSON.stringify(stall, null, 2)} label="JSON" what="of this stall" />
      </div>
      <header className="stall-head">
        <div>
          <h1>
            <StallSentence span={span} />
          </h1>
          {span.path !== null && span.path !== '/' && <PathText path={span.path} />}
          <CauseText stall={stall} />
          {!open && <p>{endedWords(stall)}</p>}
          <DemoNote span={span} />
        </div>
        <div className={`age ${open ? 'st' : ''}`}>
          {open ? <Age sinceUs={span.startUs} /> : <Duration ns={stall.ageMs * 1e6} />}
        </div>
        <div className="acts">
          <Link className="btn" href={aroundHref(stall)}>
            Operations around it
          </Link>
          {open && recordingId === null && (
            <button
              type="button"
              className={isDemo ? 'btn' : 'btn pri'}
              onClick={() => out.current?.scrollIntoView({ block: 'start' })}
            >
              The way out
            </button>
          )}
          <ReleaseButton span={span} primary />
        </div>
      </header>
      <div className="life">
        <Canvas
          label={lifeWords(stall)}
          {...(open ? { everyMs: 250 } : {})}
          draw={(pen) => drawLife(pen, latest.current, shownNowUs())}
        />
      </div>
      <Chain stall={stall} unfolded={unfolded} />
      <div className="stall-low">
        <div>
          <Waiters stall={stall} />
          <Seen stall={stall} />
          <Recurrence stall={stall} />
          <DaemonThreads stall={stall} />
        </div>
        <div ref={out}>
          <Ways stall={stall} />
          <OperationFacts span={span} />
          <BeforeIt span={span} />
        </div>
      </div>
    </article>
  );
}

function lifeWords(stall: Stall): string {
  const others = stall.waiters.length;
  const joined = others === 0 ? '' : `, ${others === 1 ? '1 other' : `${others} others`} joined it`;
  const raised = formatDuration(stall.thresholdMs * 1e6).text;
  return `Life of the operation: ENTER, raised after ${raised}${joined}, ${stall.state === 'open' ? 'still open' : 'ended'}`;
}

/** The timeline finds the operation by its number. */
function timelineHref({ span }: Stall): string {
  return `/timeline${writeParams({ ...DEFAULT_PARAMS, filter: term('mount', span.mount), span: span.id })}`;
}

function aroundHref({ span, closedUs, state }: Stall): string {
  return operationsHref({
    filter: term('mount', span.mount),
    range: {
      fromUs: Math.floor((span.startUs - BEFORE_US) / 1e3) * 1e3,
      toUs: state === 'open' ? null : Math.ceil((closedUs ?? span.startUs) / 1e3) * 1e3,
    },
  });
}
