// The first line of the page: who waits, for what, through what; or that nobody does.
import { useQuery } from '@tanstack/react-query';
import { Link, useLocation } from 'wouter';
import { useStore } from 'zustand';
import type { Mount } from '../../../shared/mount.ts';
import type { Stall } from '../../../shared/stall.ts';
import { formatDuration } from '../../../shared/units.ts';
import { mirrorsQuery } from '../../api/queries.ts';
import { useKeys } from '../../keys/keys.ts';
import { shown } from '../../live/feed.ts';
import { Age } from '../../ui/age.tsx';
import { StallSentence } from '../../ui/sentence.tsx';
import { Telling } from '../../ui/telling.tsx';
import { visible } from '../../ui/visible.ts';
import { operationsHref } from '../../url/use.ts';
import { healthWords } from './order.ts';
import './lead.css';

export function Lead() {
  const stalls = useStore(shown, (state) => state.stalls);
  const mounts = useStore(shown, (state) => state.mounts);
  const first = stalls[0];
  return first ? <Stalled first={first} stalls={stalls} mounts={mounts} /> : <Calm mounts={mounts} />;
}

function Stalled({
  first,
  stalls,
  mounts,
}: {
  first: Stall;
  stalls: readonly Stall[];
  mounts: readonly Mount[];
}) {
  const [, navigate] = useLocation();
  const href = stalls.length === 1 ? `/stalls/${first.id}` : '/stalls';
  useKeys('overview, stalled', [
    { keys: ['Enter'], label: 'look at the stall', foot: true, run: () => navigate(href) },
  ]);
  return (
    <section className="lead hot-lead" aria-label="Stalled">
      <div className="txt">
        <h1>
          <StallSentence span={first.span} />
        </h1>
        <p>
          {first.cause && (
            <>
              <Telling sentence={first.cause.text} />{' '}
            </>
          )}
          {restWords(stalls, mounts)}
        </p>
      </div>
      <div className="age">
        <Age sinceUs={first.span.startUs} />
      </div>
      <div className="acts">
        <Link className="btn" href={operationsHref({ filter: 'state:open' })}>
          All that is open
        </Link>
        <Link className="btn pri" href={href}>
          {stalls.length === 1 ? 'Look at the stall' : `Look at all ${stalls.length}`} <kbd>Enter</kbd>
        </Link>
      </div>
      <span className="fuse" aria-hidden="true">
        <span className="spark" />
      </span>
    </section>
  );
}

/** What else there is: others that wait, and mounts that are not well. */
function restWords(stalls: readonly Stall[], mounts: readonly Mount[]): string {
  const others = [...new Set(stalls.slice(1).map((stall) => stall.span.comm))].filter(
    (comm) => comm !== null,
  );
  const where = new Set(stalls.map((stall) => stall.span.mountId)).size;
  const count = stalls.length === 1 ? 'It is the only operation past its threshold.' : '';
  const more =
    stalls.length === 1
      ? ''
      : `${stalls.length} operations are past their threshold${where > 1 ? ` on ${where} mounts` : ''}${
          others.length > 0 ? `, also of ${others.slice(0, 3).map(visible).join(', ')}` : ''
        }.`;
  const health = healthWords(mounts);
  return [count || more, health ? `Apart from that, ${health}.` : ''].filter(Boolean).join(' ');
}

function Calm({ mounts }: { mounts: readonly Mount[] }) {
  const there = mounts.filter((mount) => mount.state !== 'gone');
  const health = healthWords(there);
  const mirrors = useQuery({ ...mirrorsQuery, enabled: there.length === 0 });
  // A mirror that ended by itself says why; nobody else would.
  const ended = mirrors.data?.items.findLast((mirror) => mirror.state === 'ended')?.message;
  return (
    <section className="lead" aria-label="Summary">
      <div className="txt">
        <h1>
          {there.length === 0 ? 'No mount is watched now' : health ? sentence(health) : 'All mounts answer'}
        </h1>
        <p>
          {there.length === 0
            ? (ended ?? 'Those below were watched before; what they did is stored.')
            : calmFigures(there)}
        </p>
      </div>
      <div className="acts">
        <Link className={there.length === 0 ? 'btn pri' : 'btn'} href="/start">
          {there.length === 0 ? 'Watch a mount' : 'Add a mount'}
        </Link>
      </div>
    </section>
  );
}

const sentence = (words: string) => `${words.charAt(0).toUpperCase()}${words.slice(1)}`;

function calmFigures(mounts: readonly Mount[]): string {
  const p99 = Math.max(...mounts.map((mount) => mount.p99Ns ?? 0));
  const oldest = Math.max(...mounts.map((mount) => mount.oldestOpenMs ?? 0));
  const parts = [
    p99 > 0
      ? `99 of 100 operations took at most ${formatDuration(p99).text} on every mount`
      : 'No operation in the last 60 s',
    oldest > 0
      ? `the oldest open one has waited ${formatDuration(oldest * 1e6).text}`
      : 'none waits longer than 100 ms',
  ];
  return `${parts.join('; ')}.`;
}
