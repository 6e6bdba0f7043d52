// The same cause at other times: when, for how long, and what ended it.
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { Recording } from '../../../shared/recording.ts';
import type { Stall } from '../../../shared/stall.ts';
import { recordingsQuery, stallsBeforeQuery } from '../../api/queries.ts';
import { clock } from '../../live/clock.ts';
import { Duration } from '../../ui/figure.tsx';
import { dateText } from '../../ui/time.ts';
import { recordingHref, recordingId } from '../../url/recording.ts';
import { endedWords } from './cause.tsx';
import './waiters.css';

const WEEK_US = 7 * 86_400e6;
const SHOWN = 5;

/** Earlier incidents of the stall's cause, newest first. */
export function useBefore(stall: Stall): readonly Stall[] {
  const { data } = useQuery(stallsBeforeQuery(stall.id, stall.cause?.key ?? ''));
  return data?.items ?? [];
}

export function Recurrence({ stall }: { stall: Stall }) {
  const before = useBefore(stall);
  const recordings = useQuery({ ...recordingsQuery, enabled: recordingId === null });
  const flights = recordings.data?.items ?? [];
  const own = recordingOf(flights, stall.id);
  return (
    <section aria-label="It happened before">
      <div className="hd">
        <h2>It happened before</h2>
        <span>{before.length === 0 ? 'not in what is stored' : 'the same cause'}</span>
        <span className="sp" />
        {own && (
          <a className="link" href={recordingHref(own.id, `/stalls/${stall.id}`)}>
            Recording of this one
          </a>
        )}
      </div>
      <ul>
        {before.slice(0, SHOWN).map((one) => {
          const recording = recordingOf(flights, one.id);
          return (
            <li key={one.id} className="wrow hist">
              <Link className="link ell" href={`/stalls/${one.id}`}>
                {dateText(one.span.startUs, clock.nowUs())}
              </Link>
              <span>
                <Duration ns={one.ageMs * 1e6} />
              </span>
              <span className="sec ell" title={endedWords(one)}>
                {endedWords(one)}
              </span>
              <span className="dim ell">{one.waiting === 1 ? '1 waited' : `${one.waiting} waited`}</span>
              <span className="right">
                {recording && (
                  <a className="link" href={recordingHref(recording.id, `/stalls/${one.id}`)}>
                    Recording
                  </a>
                )}
              </span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** Third time this week. Nothing for the first. */
export function recurrenceWords(stall: Stall, before: readonly Stall[]): string | null {
  const week = before.filter((one) => one.span.startUs > stall.span.startUs - WEEK_US).length + 1;
  if (week < 2) return null;
  const culprit = stall.cause?.culprit.name ?? '';
  return `${ORDINALS[week] ?? `${week}th`} time this week${culprit === '' ? '' : `, always ${culprit}`}`;
}

const ORDINALS: Readonly<Record<number, string>> = {
  2: 'second',
  3: 'third',
  4: 'fourth',
  5: 'fifth',
  21: '21st',
};

function recordingOf(recordings: readonly Recording[], stallId: number): Recording | undefined {
  return recordings.find((one) => one.stallId === stallId && one.state === 'done');
}
