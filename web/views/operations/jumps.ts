// From an operation to what else shows it: its time, its path's story, its process, its stall. Each is a link, so that
// the browser's own way back leads to the row again.
import { endUs, type Span } from '../../../shared/span.ts';
import { VIEWS } from '../../frame/views.ts';
import { DEFAULT_PARAMS, type ViewParams, writeParams } from '../../url/params.ts';
import { term } from '../../url/terms.ts';

/** Room in time around a span, so that what it waited with is in the picture. */
const LEAST_AROUND_US = 500e3;

export interface Jump {
  key: 't' | 'p' | 'o' | 'g';
  label: string;
  href: string;
}

const href = (path: string, part: Partial<ViewParams>) =>
  `${path}${writeParams({ ...DEFAULT_PARAMS, ...part })}`;
const isThere = (path: string) => VIEWS.some((view) => view.path === path);

/** @param stallId of the stall that the span is, where it is one @param nowUs end of what has not ended */
export function jumpsOf(span: Span, stallId: number | null, nowUs: number): Jump[] {
  const jumps: (Jump | null)[] = [
    isThere('/timeline')
      ? {
          key: 't',
          label: 'Show on the timeline',
          href: href('/timeline', { span: span.id, range: around(span, nowUs) }),
        }
      : null,
    isThere('/files') && span.path !== null
      ? {
          key: 'p',
          label: 'Life story of its path',
          href: href('/files', { path: span.path, mount: span.mount }),
        }
      : null,
    isThere('/files') && span.pid !== null && span.pid > 0
      ? {
          key: 'o',
          label: 'Its process among the others',
          href: href('/files', { by: 'processes', filter: `pid:${span.pid} ${term('mount', span.mount)}` }),
        }
      : null,
    stallId === null ? null : { key: 'g', label: `Stall ${stallId}`, href: `/stalls/${stallId}` },
  ];
  return jumps.filter((jump) => jump !== null);
}

function around(span: Span, nowUs: number) {
  const end = span.state === 'open' ? nowUs : endUs(span);
  const room = Math.max(LEAST_AROUND_US, (end - span.startUs) / 2);
  return { fromUs: Math.floor(span.startUs - room), toUs: Math.ceil(end + room) };
}
