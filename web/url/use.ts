// The URL's state for React: read it, change a part of it, keep it when going to another view.
import { useCallback, useMemo } from 'react';
import { useLocation, useSearch } from 'wouter';
import { useStore } from 'zustand';
import { live } from '../live/feed.ts';
import { DEFAULT_PARAMS, readParams, type ViewParams, writeParams } from './params.ts';

interface ChangeOptions {
  /** Replace the entry of the history: for what changes with each key press. */
  replace?: boolean;
}

/** The view's state and the function that changes parts of it. */
export function useViewParams(): [ViewParams, (part: Partial<ViewParams>, options?: ChangeOptions) => void] {
  const search = useSearch();
  const [path, navigate] = useLocation();
  const recording = useStore(live, (state) => state.recording);
  const params = useMemo(() => {
    const read = readParams(search);
    if (!recording || read.range) return read;
    // A recording has no now to follow: where no range is chosen, it is all of it.
    return { ...read, range: { fromUs: recording.fromUs, toUs: recording.toUs } };
  }, [search, recording]);
  const change = useCallback(
    (part: Partial<ViewParams>, options: ChangeOptions = {}) => {
      const current = readParams(window.location.search);
      navigate(`${path}${writeParams({ ...current, ...part })}`, { replace: options.replace ?? false });
    },
    [navigate, path],
  );
  return [params, change];
}

/** Where a view lies when one comes from another: filter and range go along, a selection does not. */
export function hrefKeeping(path: string, params: ViewParams): string {
  return `${path}${writeParams({ ...DEFAULT_PARAMS, filter: params.filter, range: params.range })}`;
}

/** Operations with a filter, e.g. from a mount's row. */
export function operationsHref(part: Partial<ViewParams>): string {
  return `/operations${writeParams({ ...DEFAULT_PARAMS, ...part })}`;
}
