// A sentence about a cause with its telling parts marked: processes in ink, paths and addresses in mono as well. The
// server writes these sentences with names in them that anybody may have chosen: here they are only ever text.
import { Fragment } from 'react';
import { visible } from './visible.ts';
import './telling.css';

export interface TellingPart {
  text: string;
  kind: 'plain' | 'process' | 'place';
}

/** comm (pid), an absolute path, an address with its port. */
const TELLING =
  /(?<process>[^\s()]+ \(\d+\))|(?<place>(?<![^\s("])\/[^\s,;]*[^\s,;.:)"]|(?<![^\s("])(?:\[[0-9a-fA-F:.]+\]|(?=[\w.-]*[A-Za-z.])[\w.-]*\w):\d{1,5}\b)/g;

/** The parts of a sentence, in order. Pure. */
export function tellingParts(sentence: string): TellingPart[] {
  const parts: TellingPart[] = [];
  let at = 0;
  for (const { 0: text, index, groups } of sentence.matchAll(TELLING)) {
    if (index > at) parts.push({ text: sentence.slice(at, index), kind: 'plain' });
    parts.push({ text, kind: groups?.process === undefined ? 'place' : 'process' });
    at = index + text.length;
  }
  if (at < sentence.length) parts.push({ text: sentence.slice(at), kind: 'plain' });
  return parts;
}

export function Telling({ sentence }: { sentence: string }) {
  return tellingParts(visible(sentence)).map(({ text, kind }, i) => {
    // biome-ignore lint/suspicious/noArrayIndexKey: parts of one sentence have no other name
    if (kind === 'plain') return <Fragment key={i}>{text}</Fragment>;
    return (
      // biome-ignore lint/suspicious/noArrayIndexKey: as above
      <b key={i} className={kind === 'place' ? 'telling place' : 'telling'}>
        {text}
      </b>
    );
  });
}
