// A histogram as the API answers it.
import type { HistogramAnswer } from '../../shared/api.ts';
import { bucketStart, type Histogram } from '../../shared/histogram.ts';

interface Group extends Pick<HistogramAnswer, 'key' | 'filter' | 'mountId' | 'errors'> {
  histogram: Histogram;
}

/** Without what is open, which is added by who knows it. */
export function histogramAnswer({ key, filter, mountId, errors, histogram }: Group): HistogramAnswer {
  const { buckets, counts } = histogram.sparse();
  return {
    key,
    filter,
    mountId,
    count: histogram.count,
    errors,
    sumNs: histogram.sumNs,
    minNs: histogram.count > 0 ? histogram.minNs : null,
    maxNs: histogram.count > 0 ? histogram.maxNs : null,
    p50Ns: histogram.percentile(0.5),
    p90Ns: histogram.percentile(0.9),
    p99Ns: histogram.percentile(0.99),
    p999Ns: histogram.percentile(0.999),
    buckets: Array.from(buckets, (bucket, i) => [
      bucketStart(bucket),
      bucketStart(bucket + 1),
      counts[i] ?? 0,
    ]),
    open: 0,
    oldestOpenMs: null,
  };
}
