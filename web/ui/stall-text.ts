// The sentence that a stall is told with: COMM waits for a READ of NAME on MOUNT.

import { shortenPath } from '../../shared/short-path.ts';
import type { Span } from '../../shared/span.ts';
import { visible } from './visible.ts';

export interface StallWords {
  who: string;
  op: string;
  article: 'a' | 'an';
  name: string | null;
  mount: string;
}

/** Parts of the sentence; each already safe to show. */
export function stallWords(span: Span): StallWords {
  const name = span.path === null ? null : shortenPath(span.path, Number.POSITIVE_INFINITY).name;
  return {
    who: span.comm ? visible(span.comm) : span.pid === null ? 'Someone' : `Process ${span.pid}`,
    op: span.op,
    article: /^[aeiou]/.test(span.op) ? 'an' : 'a',
    name: name === null ? null : visible(name === '' ? '/' : name),
    mount: visible(span.mount),
  };
}

/** The sentence as plain text. */
export function stallSentence(span: Span): string {
  const words = stallWords(span);
  const what = words.name === null ? '' : ` of ${words.name}`;
  return `${words.who} waits for ${words.article} ${words.op}${what} on ${words.mount}`;
}

/** Title of the tab with so many open stalls. */
export const titleFor = (stalls: number) => `${stalls > 0 ? `(${stalls} stalled) ` : ''}FuseScope`;
