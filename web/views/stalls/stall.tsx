// One stall: the sentence, its life line, what is known of the operation, and a way out where there is one.
import { useQuery } from '@tanstack/react-query';
import { useRef } from 'react';
import { Link, useLocation } from 'wouter';
import { useStore } from 'zustand';
import { shellWord } from '../../../shared/shell-word.ts';
import type { Stall } from '../../../shared/stall.ts';
import { formatDuration, formatWall } from '../../../shared/units.ts';
import { stallQuery } from '../../api/queries.ts';
import { useKeys } from '../../keys/keys.ts';
import { live } from '../../live/feed.ts';
import { Age, shownNowUs } from '../../ui/age.tsx';
import { Canvas } from '../../ui/canvas.tsx';
import { Command, CopyButton } from '../../ui/copy.tsx';
import { Duration } from '../../ui/figure.tsx';
import { StateGlyph } from '../../ui/glyph.tsx';
import { PathText } from '../../ui/path.tsx';
import { Problem } from '../../ui/problem.tsx';
import { StallSentence } from '../../ui/sentence.tsx';
import { stallSentence } from '../../ui/stall-text.ts';
import { term } from '../../url/terms.ts';
import { operationsHref } from '../../url/use.ts';
import { eventLines, spanFacts } from '../operations/detail.ts';
import { resultText } from '../operations/slow.ts';
import { BeforeIt } from './before.tsx';
import { drawLife } from './life.ts';
import { DemoNote, ReleaseButton } from './release.tsx';
import './stalls.css';

/** Operations around a stall: from so long before its ENTER. */
const BEFORE_US = 5e6;

export function StallView({ id }: { id: number }) {
  const fromFeed = useStore(
    live,
    (state) => state.stalls.find((s) => s.id === id) ?? state.closedStalls.find((s) => s.id === id) ?? null,
  );
  const query = useQuery({ ...stallQuery(id), enabled: fromFeed === null });
  const stall = fromFeed ?? query.data ?? null;
  useNeighbours(id);
  if (!stall) return query.error ? <Problem error={query.error} onRetry={() => query.refetch()} /> : null;
  return <StallPage stall={stall} />;
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
  const around = operationsHref({
    filter: term('mount', span.mount),
    range: {
      fromUs: Math.floor((span.startUs - BEFORE_US) / 1e3) * 1e3,
      toUs: open ? null : Math.ceil((stall.closedUs ?? span.startUs) / 1e3) * 1e3,
    },
  });
  const lines = eventLines(span);
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
        <CopyButton text={location.href} label="URL" what="of this stall" />
        <CopyButton text={JSON.stringify(stall, null, 2)} label="JSON" what="of this stall" />
      </div>
      <header className="stall-head">
        <div>
          <h1>
            <StallSentence span={span} />
          </h1>
          <PathText path={span.path} />
          <p>{open ? openWords(stall) : endedWords(stall)}</p>
          <DemoNote span={span} />
        </div>
        <div className={`age ${open ? 'st' : ''}`}>
          {open ? <Age sinceUs={span.startUs} /> : <Duration ns={stall.ageMs * 1e6} />}
        </div>
        <div className="acts">
          <Link className="btn" href={around}>
            Operations around it
          </Link>
          <ReleaseButton span={span} primary />
        </div>
      </header>
      <div className="life">
        <Canvas
          label={`Life of the operation: ENTER, raised after ${formatDuration(stall.thresholdMs * 1e6).text}, ${open ? 'still open' : 'ended'}`}
          {...(open ? { everyMs: 250 } : {})}
          draw={(pen) => drawLife(pen, latest.current, shownNowUs())}
        />
      </div>
      <div className="stall-low">
        <section aria-label="The operation">
          <div className="hd">
            <h2>The operation</h2>
          </div>
          <dl className="kv">
            {spanFacts(span).map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
            <div>
              <dt>ENTER</dt>
              <dd className="n">{formatWall(span.startUs).text}</dd>
            </div>
            <div>
              <dt>Result</dt>
              <dd className={open ? 'st' : ''}>{resultText(span)}</dd>
            </div>
          </dl>
          <div className="hd">
            <h2>As event lines</h2>
          </div>
          <p className="ev">
            <b>ENTER</b> {lines.enter}
            {lines.exit !== null && (
              <>
                <br />
                <b>EXIT</b> {lines.exit}
              </>
            )}
          </p>
          <Command command={`fusescope tail --filter ${shellWord(term('mount', span.mount))}`} />
        </section>
        <BeforeIt span={span} />
      </div>
    </article>
  );
}

function openWords(stall: Stall): string {
  const over = formatDuration(stall.thresholdMs * 1e6).text;
  const queue = stall.span.queueNs;
  const picked =
    queue === null
      ? ''
      : ` The daemon took the request after ${formatDuration(queue).text} and has not answered.`;
  return `It should have been answered within ${over}. Until it is, whoever asked cannot go on.${picked}`;
}

function endedWords(stall: Stall): string {
  const took = formatDuration(stall.ageMs * 1e6).text;
  if (stall.span.state === 'aborted') return `It was open for ${took}, until its connection or daemon ended.`;
  if (stall.span.state === 'lost') return `It was open for at least ${took}; how it ended was not seen.`;
  return `It was answered after ${took}${stall.span.error ? ` with ${stall.span.error}` : ''}.`;
}
