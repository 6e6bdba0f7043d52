// What an operation's arguments come to in a few words: the Detail column, and the event lines of the inspector.
import type { Span } from '../../../shared/span.ts';
import type { U64 } from '../../../shared/u64.ts';
import { formatBytes, formatCount } from '../../../shared/units.ts';
import { visible } from '../../ui/visible.ts';
import { argumentText } from './flags.ts';

/** A 64-bit size; beyond 2^53 only its figure in EiB is of use, and that a double holds. */
const sizeText = (value: U64) => formatBytes(Number(value)).text;
const countText = (value: U64) => (typeof value === 'number' ? formatCount(value).text : value);

/** `128 KiB at 4 MiB`, `to index`, `O_RDONLY`; empty where there is nothing to say. */
export function detailText(span: Span): string {
  if (span.newPath !== null) return `to ${visible(span.newPath)}`;
  if (span.size !== null && span.offset !== null) {
    const short = span.bytes !== null && span.errno === 0 && span.bytes !== Number(span.size);
    return `${short ? `${sizeText(span.bytes ?? 0)} of ` : ''}${sizeText(span.size)} at ${placeText(span.offset)}`;
  }
  const args = span.args ? Object.entries(span.args).filter(([, value]) => value !== null) : [];
  const words = args.map(([name, value]) => {
    const text = argumentText(span.op, name, value) ?? visible(String(value));
    return PLAIN.has(name) ? text : `${name} ${text}`;
  });
  if (span.size !== null) words.push(sizeText(span.size));
  return words.join(', ');
}

/** Arguments whose value tells by itself what it is. */
const PLAIN = new Set(['flags', 'name', 'target', 'mode']);

const placeText = (offset: U64) => (offset === 0 ? '0' : sizeText(offset));

/** The two event lines of a span, as `name value` pairs. */
export function eventLines(span: Span): { enter: string; exit: string | null } {
  const list = (pairs: readonly (readonly [string, unknown])[]) =>
    pairs
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([name, value]) => `${name} ${visible(String(value))}`)
      .join(', ');
  const enter = list([
    ['unique', span.unique],
    ['op', span.op],
    ['nodeid', span.nodeid],
    ['fh', span.fh],
    ['offset', span.offset],
    ['size', span.size],
    ...Object.entries(span.args ?? {}),
  ]);
  if (span.state === 'open' || span.errno === null) return { enter, exit: null };
  const exit = list([
    ['unique', span.unique],
    ['errno', span.errno === 0 ? 0 : `${span.errno} ${span.error}`],
    ['bytes', span.bytes],
    ['durNs', span.durationNs],
  ]);
  return { enter, exit };
}

/** Facts for the inspector: what is not known is left out. */
export function spanFacts(span: Span): [name: string, value: string][] {
  const facts: [string, string | null][] = [
    ['Range', span.size !== null && span.offset !== null ? detailText({ ...span, newPath: null }) : null],
    ['New path', span.newPath === null ? null : visible(span.newPath)],
    ...Object.entries(span.args ?? {}).map(([name, value]): [string, string | null] => [
      visible(name),
      value === null ? null : (argumentText(span.op, name, value) ?? visible(String(value))),
    ]),
    [
      'Handle',
      [
        span.fh === null ? '' : `fh ${span.fh}`,
        span.nodeid === null ? '' : `nodeid ${countText(span.nodeid)}`,
      ]
        .filter(Boolean)
        .join(', ') || null,
    ],
    ['Caller', callerText(span)],
    ['Daemon', span.daemonTid === null ? null : `thread ${span.daemonTid}`],
    ['Request', span.unique === null ? null : `unique ${visible(String(span.unique))}`],
    ['Source', span.source],
    ['Span', String(span.id)],
  ];
  return facts.filter((fact): fact is [string, string] => fact[1] !== null);
}

function callerText(span: Span): string | null {
  const parts = [
    span.comm === null ? null : visible(span.comm),
    span.pid,
    span.tid === null || span.tid === span.pid ? null : `thread ${span.tid}`,
    span.uid === null ? null : `uid ${span.uid}`,
  ].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join(' ').replace(' uid', ', uid').replace(' thread', ', thread');
}
