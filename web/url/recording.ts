// The recording that this page shows, from its URL. It is the same for the life of the page: to look at another one,
// or at the live trace again, a page is loaded anew, so that nothing of the one stays in the other.

const PARAM = 'recording';

/** Number of the recording in a query string; null: none, the live trace. */
export function readRecording(search: string): number | null {
  const text = new URLSearchParams(search).get(PARAM);
  return text !== null && /^[1-9]\d{0,14}$/.test(text) ? Number(text) : null;
}

/** What this page shows; null: the live trace. */
export const recordingId = typeof location === 'undefined' ? null : readRecording(location.search);

/** An address within the page, with the recording in it. */
export function keepRecording(href: string, id: number | null = recordingId): string {
  if (id === null || !href.startsWith('/')) return href;
  const url = new URL(href, 'http://page');
  if (url.searchParams.has(PARAM)) return href;
  url.searchParams.set(PARAM, String(id));
  return `${url.pathname}${url.search}${url.hash}`;
}

/** Where a recording is opened: its page is loaded anew. */
export const recordingHref = (id: number, path = '/') => `${path}?${PARAM}=${id}`;

/** Questions that a recording can answer; all others go to the server itself. */
const ANSWERED = [
  '/spans',
  '/stalls',
  '/latency',
  '/heatmap',
  '/timeline',
  '/paths',
  '/processes',
  '/errors',
  '/export',
];

/** Whether a path of the interface, without /api, is asked of the recording. */
export const isRecorded = (path: string): boolean =>
  ANSWERED.some((known) => path === known || path.startsWith(`${known}/`));
