// The page that an export as html is: what was asked for, stalls, latency, timeline and table, without a server.
import { formatCount, formatDuration, formatWall } from '../../shared/units.ts';
import tokens from '../theme/tokens.css?inline';
import { visible } from '../ui/visible.ts';
import { type ReportData, readReport } from './data.ts';
import { el } from './dom.ts';
import { latencySection } from './latency.ts';
import styles from './report.css?inline';
import { stallsSection } from './stalls.ts';
import { tableSection } from './table.ts';
import { timelineSection } from './timeline.ts';

document.head.append(el('style', [tokens + styles]));
document.documentElement.dataset.theme = matchMedia('(prefers-color-scheme: light)').matches
  ? 'light'
  : 'dark';

readReport().then(show, (error: unknown) => {
  document.body.append(el('p.empty', [`This report is damaged: ${String(error)}. Export it again.`]));
});

function show(data: ReportData): void {
  const { head } = data;
  document.title = `FuseScope, ${formatWall(head.fromUs).text}`;
  const table = tableSection(data);
  document.body.append(
    header(data),
    el('main', [
      stallsSection(head, table.show),
      timelineSection(data, table.show),
      latencySection(data.spans),
      table.element,
    ]),
  );
}

function header({ head, spans }: ReportData): HTMLElement {
  const lost = head.gaps.reduce((sum, gap) => sum + gap.count, 0);
  const used = new Set(spans.map((span) => span.mountId));
  const mounts = head.mounts.filter(({ id }) => used.has(id));
  const facts = [
    `${day(head.fromUs)} ${formatWall(head.fromUs).text} to ${formatWall(head.untilUs).text} (${formatDuration((head.untilUs - head.fromUs) * 1e3).text})`,
    `${formatCount(head.spans).text} operations`,
    head.filter === '' ? 'every operation' : `of ${visible(head.filter)}`,
    ...(lost === 0 ? [] : [`${formatCount(lost).text} events were lost`]),
  ];
  return el('header', [
    el('h1', ['FuseScope ', el('small', [head.producer])]),
    el('p', [facts.join(' · ')]),
    head.leftOut === 0
      ? null
      : el('p.warn', [
          `${formatCount(head.leftOut).text} later operations had no room. Export a shorter range, or with a filter.`,
        ]),
    el(
      'ul.mounts',
      mounts.map(({ mount, fsType, source }) =>
        el('li', [
          el('b.mono', [visible(mount)]),
          ` ${visible([fsType, source].filter(Boolean).join(' · '))}`,
        ]),
      ),
    ),
  ]);
}

const day = (us: number) => new Date(us / 1_000).toLocaleDateString('sv-SE');
