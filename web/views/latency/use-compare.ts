// Asks for a comparison, and knows what its sides are called.
import { useQuery } from '@tanstack/react-query';
import type { CompareQuery } from '../../../shared/compare/answer.ts';
import type { SideNames } from '../../../shared/compare/words.ts';
import { compareQuery, recordingsQuery, type TimeRange } from '../../api/queries.ts';
import { recordingId } from '../../url/recording.ts';
import { type Against, againstName, type Pair, pairOf, type Shown } from './against.ts';

/** It asks for many pieces of time: no more often than this. */
const REFETCH_MS = 15_000;

interface Ask {
  against: Against | null;
  filter: string;
  range: () => TimeRange;
  windowKey: string;
  moves: boolean;
}

export function useComparison({ against, filter, range, windowKey, moves }: Ask) {
  return useQuery({
    ...compareQuery(JSON.stringify([windowKey, filter, against]), () => {
      const pair = against && pairOf(shownBy(filter, range()), against);
      return pair ? askOf(pair) : {};
    }),
    enabled: against !== null && pairOf(shownBy(filter, range()), against) !== null,
    refetchInterval: moves ? REFETCH_MS : false,
  });
}

export const shownBy = (filter: string, range: TimeRange): Shown => ({
  filter,
  range,
  recording: recordingId,
});

/** What the two sides are called. */
export function useNames(against: Against | null): SideNames {
  const recordings = useQuery({ ...recordingsQuery, enabled: against?.kind === 'recording' });
  const names = new Map(recordings.data?.items.map(({ id, name }) => [id, name]));
  return { a: 'what is shown', b: against ? againstName(against, names) : '' };
}

function askOf({ a, b }: Pair): CompareQuery {
  const time = (us: number | null) => (us === null ? undefined : String(Math.floor(us)));
  const all: Record<string, string | number | null | undefined> = {
    filter: a.filter,
    from: time(a.range.fromUs),
    to: time(a.range.toUs),
    recording: a.recording,
    againstFilter: b.filter,
    againstFrom: time(b.range.fromUs),
    againstTo: time(b.range.toUs),
    againstRecording: b.recording,
  };
  return Object.fromEntries(
    Object.entries(all).filter(([, value]) => value !== undefined && value !== null),
  ) as CompareQuery;
}
