// Stalls: those that are open, then the history of those that ended.

import { useQuery } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { Link } from 'wouter';
import { useStore } from 'zustand';
import { resultOf } from '../../../shared/span.ts';
import type { Stall } from '../../../shared/stall.ts';
import { formatCount } from '../../../shared/units.ts';
import { closedStallsQuery } from '../../api/queries.ts';
import { useListKeys } from '../../keys/list.ts';
import { clock } from '../../live/clock.ts';
import { live, shown } from '../../live/feed.ts';
import { Age } from '../../ui/age.tsx';
import { Caller } from '../../ui/caller.tsx';
import { stallsCommand } from '../../ui/commands.ts';
import { commandChoice, jsonChoice, useCopies } from '../../ui/copies.ts';
import { Duration } from '../../ui/figure.tsx';
import { Op, StateGlyph } from '../../ui/glyph.tsx';
import { PathText } from '../../ui/path.tsx';
import { Problem } from '../../ui/problem.tsx';
import { StallSentence } from '../../ui/sentence.tsx';
import { groupStalls } from '../../ui/stall-groups.ts';
import { Telling } from '../../ui/telling.tsx';
import { clockText, dateText } from '../../ui/time.ts';
import { visible } from '../../ui/visible.ts';
import { recordingId } from '../../url/recording.ts';
import { BurnBar } from '../overview/open-list.tsx';
import { ComingBack, KIND_WORDS } from './groups.tsx';
import { ReleaseButton } from './release.tsx';
import { Taken } from './taken.tsx';
import './stalls.css';
import './history.css';

const PAGE = 50;

export function StallsView() {
  const box = useRef<HTMLDivElement>(null);
  useCopies([
    commandChoice(stallsCommand({ recording: recordingId })),
    jsonChoice('JSON of the open ones', () => shown.getState().stalls),
  ]);
  useListKeys('stalls', 'next, previous stall', box);
  return (
    <div className="stalls" ref={box}>
      <h1 className="sr">Stalls</h1>
      <OpenStalls />
      <ComingBack />
      <Taken />
      <History />
    </div>
  );
}

function OpenStalls() {
  const stalls = useStore(shown, (state) => state.stalls);
  if (stalls.length === 0) {
    return (
      <section className="calm" aria-label="Open stalls">
        <StateGlyph state="ok" word={false} />
        <div>
          <h2>Nothing is stalled</h2>
          <p>
            An operation is a stall while it is open past its threshold: 1 s, for a read 5 s, or what this
            server is set to. It would stand here, on the overview, and in the title of this tab.
          </p>
        </div>
      </section>
    );
  }
  return (
    <section aria-label="Open stalls">
      <ul>
        {groupStalls(stalls).map(({ key, lead, stalls: all }, i) => (
          <OpenStall key={key} stall={lead} count={all.length} first={i === 0} />
        ))}
      </ul>
    </section>
  );
}

function OpenStall({ stall, count, first }: { stall: Stall; count: number; first: boolean }) {
  const { span, cause } = stall;
  const waiting = Math.max(count, stall.waiting);
  return (
    <li className={`stall-row ${first ? 'first' : ''}`}>
      <div className="age st">
        <Age sinceUs={span.startUs} />
      </div>
      <div className="about">
        <Link className="cover" data-item href={`/stalls/${stall.id}`}>
          <StallSentence span={span} />
        </Link>
        {cause ? (
          <p className="why">
            <Telling sentence={cause.text} />
          </p>
        ) : (
          <PathText path={span.path} />
        )}
        <BurnBar sinceUs={span.startUs} hot />
      </div>
      <dl>
        <div>
          <dt>since</dt>
          <dd>{clockText(span.startUs)}</dd>
        </div>
        <div>
          <dt>threshold</dt>
          <dd>
            <Duration ns={stall.thresholdMs * 1e6} />
          </dd>
        </div>
        <div>
          <dt>caller</dt>
          <dd>
            <Caller span={span} />
          </dd>
        </div>
        {waiting > 1 && (
          <div>
            <dt>waiting</dt>
            <dd>{formatCount(waiting).text}</dd>
          </div>
        )}
      </dl>
      <div className="acts">
        <ReleaseButton span={span} />
      </div>
    </li>
  );
}

function History() {
  const [limit, setLimit] = useState(PAGE);
  const newest = useStore(live, (state) => state.closedStalls[0]?.id ?? 0);
  const query = useQuery({ ...closedStallsQuery(limit), queryKey: ['stalls', 'closed', limit, newest] });
  const items = query.data?.items ?? [];
  return (
    <section className="history" aria-label="Stalls that ended">
      <div className="hd">
        <h2>Ended</h2>
        {items.length > 0 && (
          <span>
            {formatCount(items.length).text}
            {query.data?.nextCursor ? ', newest' : ''}
          </span>
        )}
      </div>
      {query.error && <Problem error={query.error} onRetry={() => query.refetch()} />}
      {query.data && items.length === 0 && (
        <p className="quiet-note">No stall has ended in what is stored.</p>
      )}
      {items.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">Ended</th>
              <th scope="col" className="right">
                Was open for
              </th>
              <th scope="col">Operation</th>
              <th scope="col">Path in mount</th>
              <th scope="col">Cause</th>
              <th scope="col">Result</th>
              <th scope="col">Caller</th>
              <th scope="col">Mount</th>
            </tr>
          </thead>
          <tbody>
            {items.map((stall) => (
              <HistoryRow key={stall.id} stall={stall} />
            ))}
          </tbody>
        </table>
      )}
      {query.data?.nextCursor && (
        <button type="button" className="btn sm" onClick={() => setLimit((now) => now + 200)}>
          Show more
        </button>
      )}
    </section>
  );
}

function HistoryRow({ stall }: { stall: Stall }) {
  const { span } = stall;
  return (
    <tr>
      <td className="sec n">{dateText(stall.closedUs ?? stall.raisedUs, clock.nowUs())}</td>
      <td className="right">
        <Duration ns={stall.ageMs * 1e6} />
      </td>
      <td>
        <Op op={span.op} />
      </td>
      <td>
        <Link href={`/stalls/${stall.id}`} data-item>
          <PathText path={span.path} />
        </Link>
      </td>
      <td className="ell sec" title={stall.cause?.text}>
        {stall.cause ? (KIND_WORDS[stall.cause.kind] ?? stall.cause.kind) : ''}
      </td>
      <td className={span.state === 'done' && span.errno === 0 ? 'dim' : 'er'}>{resultOf(span)}</td>
      <td className="ell">
        <Caller span={span} />
      </td>
      <td className="mono dim ell">{visible(span.mount)}</td>
    </tr>
  );
}
