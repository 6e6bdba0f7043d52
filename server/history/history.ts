// From a path as users see it to its life story: which mount it lies on, and what the store knows of it.
import { fateText, type History, type HistoryQuery } from '../../shared/history.ts';
import { CodedError } from '../errors.ts';
import type { StoreReads } from '../store/types.ts';
import { parseTimeUs } from '../times.ts';
import { tellStory } from './story.ts';

/** A mount with its number; those of a recording are known at one place only. */
interface NamedMount {
  id: number;
  mount: string;
  alsoAt?: readonly string[];
}

interface Place {
  mount: string;
  mountIds: number[];
  path: string;
}

/** @throws CodedError FUSESCOPE_NOT_FOUND where no mount has it, FUSESCOPE_INVALID, FUSESCOPE_TIME, FUSESCOPE_STORE */
export async function historyOf(
  query: HistoryQuery,
  mounts: readonly NamedMount[],
  store: Pick<StoreReads, 'pathTrace'>,
): Promise<History> {
  const place = placeOf(query, mounts);
  const fromUs = parseTimeUs(query.from, 'from');
  const toUs = parseTimeUs(query.to, 'to');
  const { names, spans, sinceUs } = await store.pathTrace(place.path, place.mountIds, {
    ...(fromUs === undefined ? {} : { fromUs }),
    ...(toUs === undefined ? {} : { toUs }),
  });
  const story = tellStory(place.path, names, spans, query.limit ?? 500);
  const { mount, path } = place;
  const text = fateText({ ...story, path }, (us) => new Date(us / 1_000).toISOString());
  return { mount, path, ...story, text, sinceUs };
}

/** Mounts lie on one another: the innermost one that holds the path counts, under every number it had. */
function placeOf(query: Pick<HistoryQuery, 'path' | 'mount'>, mounts: readonly NamedMount[]): Place {
  const path = query.path.replace(/\/{2,}/g, '/').replace(/(.)\/$/, '$1');
  if (!path.startsWith('/') && !path.startsWith('#')) {
    throw new CodedError('FUSESCOPE_INVALID', `path: "${query.path}" is not absolute. Begin it with /`);
  }
  if (query.mount !== undefined) {
    const named = mounts.filter(
      (one) => one.mount === query.mount || one.alsoAt?.includes(query.mount ?? ''),
    );
    if (named.length === 0) throw nowhere(`no mount at ${query.mount} is known`);
    return { mount: query.mount, mountIds: named.map(({ id }) => id), path };
  }
  const candidates = mounts.flatMap((one) =>
    [one.mount, ...(one.alsoAt ?? [])].filter((at) => isIn(at, path)).map((at) => ({ at, id: one.id })),
  );
  const deepest = candidates.reduce<string | null>(
    (best, { at }) => (best === null || at.length > best.length ? at : best),
    null,
  );
  if (deepest === null) throw nowhere(`${path} lies on no mount that was watched`);
  const mountIds = [...new Set(candidates.filter(({ at }) => at === deepest).map(({ id }) => id))];
  const inMount = deepest === '/' ? path : path.slice(deepest.length);
  return { mount: deepest, mountIds, path: inMount === '' ? '/' : inMount };
}

const isIn = (at: string, path: string): boolean =>
  at.startsWith('/') && (path === at || path.startsWith(at === '/' ? '/' : `${at}/`));

const nowhere = (what: string) =>
  new CodedError('FUSESCOPE_NOT_FOUND', `${what}. "fusescope mounts" lists those that are`);
