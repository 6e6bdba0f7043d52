// Asks for the histograms of the view and keeps them in their places.
import { useQuery } from '@tanstack/react-query';
import { useMemo, useRef } from 'react';
import { latencyQuery, type TimeRange } from '../../api/queries.ts';
import { type HistogramKind, inPlace, restfulMs } from './kinds.ts';

interface Ask {
  kind: HistogramKind;
  filter: string;
  windowKey: string;
  range: () => TimeRange;
  refetchInterval: number | false;
}

export function useHistograms({ kind, filter, windowKey, range, refetchInterval }: Ask) {
  const took = useRef(0);
  const options = latencyQuery(windowKey, filter, range, kind.by);
  const query = useQuery({
    ...options,
    queryFn: async (context) => {
      const begun = performance.now();
      const answer = await options.queryFn(context);
      took.current = performance.now() - begun;
      return { ...answer, by: kind.by };
    },
    refetchInterval: () => refetchInterval !== false && restfulMs(refetchInterval, took.current),
  });
  // An answer of another kind stays until the next one is there; it is none of this one.
  const data = query.data?.by === kind.by ? query.data : undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another subject has another order
  const places = useMemo(() => new Map<string, number>(), [kind, filter, windowKey]);
  const items = useMemo(() => inPlace(data?.items ?? [], places), [data, places]);
  return { query, items, keys: data?.keys ?? 0, isThere: data !== undefined };
}
