// The timeline's model for the page: asks the server over HTTP, follows the page's clock. One for the whole tab.
import type { LaneKind, TimelineAnswer } from '../../../shared/timeline.ts';
import { apiGet } from '../../api/client.ts';
import { live, shown } from '../../live/feed.ts';
import { shownNowUs } from '../../ui/age.tsx';
import { worstFirst } from '../overview/order.ts';
import { TimelineModel } from './model.ts';

export const timeline = new TimelineModel({
  fetch: ({ fromUs, toUs, columns }, { filter, lanes }: { filter: string; lanes: LaneKind }, signal) =>
    apiGet<TimelineAnswer>(
      '/timeline',
      { filter, lanes, from: String(fromUs), to: String(toUs), width: columns },
      signal,
    ),
  nowUs: shownNowUs,
  running: () => {
    const { pausedUs, link } = live.getState();
    return pausedUs === null && link.kind === 'up';
  },
  rank: (mountId) => worstFirst(shown.getState().mounts).findIndex((mount) => mount.id === mountId),
});
