// The tab itself tells of stalls: its title counts them, its icon carries the spark.
import { live } from '../live/feed.ts';
import { groupStalls } from '../ui/stall-groups.ts';
import { titleFor } from '../ui/stall-text.ts';

const icon = (spark: boolean) =>
  `data:image/svg+xml,${encodeURIComponent(
    `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 22 22'><path d='M3 4v14M4 11h${spark ? 10 : 15}' stroke='#889' stroke-width='3.4'/>${
      spark ? "<circle cx='17' cy='11' r='4' fill='#ff5c26'/>" : ''
    }</svg>`,
  )}`;

/** Keeps title and icon right for as long as the page lives. */
export function keepTitle(): void {
  let known = -1;
  let named: string | undefined;
  const show = () => {
    const { stalls, recording } = live.getState();
    const { length } = recording ? [] : groupStalls(stalls);
    if (length === known && recording?.name === named) return;
    known = length;
    named = recording?.name;
    document.title = recording ? `${recording.name} – FuseScope` : titleFor(length);
    document.querySelector<HTMLLinkElement>('link[rel="icon"]')?.setAttribute('href', icon(length > 0));
  };
  live.subscribe(show);
  show();
}
