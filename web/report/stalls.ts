// What hung: the longest first.
import type { ReportHead } from '../../shared/report.ts';
import { formatAge, formatWall } from '../../shared/units.ts';
import { visible } from '../ui/visible.ts';
import { el, row } from './dom.ts';

export function stallsSection(head: ReportHead, show: (spanId: number) => void): HTMLElement {
  const stalls = [...head.stalls].sort((a, b) => b.ageMs - a.ageMs);
  const title = el('h2', ['Stalls ', el('small', [String(stalls.length)])]);
  if (stalls.length === 0) return el('section', [title, el('p.empty', ['Nothing hung past its threshold.'])]);
  const heads = ['Age', 'Since', 'Operation', 'Caller', 'Cause'];
  return el('section', [
    title,
    el('div.scroll', [
      el('table', [
        el('thead', [row(heads, 'th')]),
        el(
          'tbody',
          stalls.map((stall) => {
            const go = el('button', [visible(`${stall.op} ${stall.path ?? ''}`)], { type: 'button' });
            go.addEventListener('click', () => show(stall.spanId));
            return row([
              el(stall.closedUs === null ? 'b.hot' : 'b', [formatAge(stall.ageMs).text]),
              formatWall(stall.raisedUs).text,
              go,
              visible(`${stall.comm ?? ''} ${stall.pid ?? ''}`.trim()),
              visible(stall.text === '' ? stall.kind : stall.text),
            ]);
          }),
        ),
      ]),
    ]),
  ]);
}
