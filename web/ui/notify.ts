// Notifications of the browser about stalls: asked for by a person, one for each cause, and kept on this machine. Pages
// without a secure context have none.
import { createStore } from 'zustand/vanilla';
import type { Stall } from '../../shared/stall.ts';
import { live } from '../live/feed.ts';
import { groupStalls } from './stall-groups.ts';
import { stallSentence } from './stall-text.ts';

const KEY = 'fusescope.notify';

interface NotifyState {
  /** Whether every stall is told. */
  on: boolean;
  /** Stalls whose end is to be told. */
  awaited: ReadonlySet<number>;
  /** Whether the browser has been asked and has refused. */
  refused: boolean;
}

export const notifying = createStore<NotifyState>(() => ({
  on: canNotify() && localStorage.getItem(KEY) === 'on' && Notification.permission === 'granted',
  awaited: new Set(),
  refused: canNotify() && Notification.permission === 'denied',
}));

export function canNotify(): boolean {
  return typeof Notification !== 'undefined' && typeof isSecureContext !== 'undefined' && isSecureContext;
}

/** Turns notifications of all stalls on or off. */
export async function setNotifying(on: boolean): Promise<void> {
  const granted = on && (await permitted());
  localStorage.setItem(KEY, granted ? 'on' : 'off');
  notifying.setState({ on: granted });
}

/** Tells once when this stall has ended. */
export async function awaitEnd(stallId: number, wanted: boolean): Promise<void> {
  if (wanted && !(await permitted())) return;
  const awaited = new Set(notifying.getState().awaited);
  if (wanted) awaited.add(stallId);
  else awaited.delete(stallId);
  notifying.setState({ awaited });
}

async function permitted(): Promise<boolean> {
  if (!canNotify()) return false;
  const answer = await Notification.requestPermission();
  notifying.setState({ refused: answer === 'denied' });
  return answer === 'granted';
}

/** Watches the stalls for as long as the page lives. What was there before the page is no news. */
export function watchForNews(): void {
  let known: ReadonlySet<string> | null = null;
  let open: readonly Stall[] = [];
  live.subscribe(({ stalls, closedStalls, server }) => {
    if (stalls === open || server === null) return;
    open = stalls;
    const groups = groupStalls(stalls);
    const keys = new Set(groups.map((group) => group.key));
    const { on, awaited } = notifying.getState();
    if (on && known !== null)
      for (const { key, lead } of groups) if (!known.has(key)) show(lead, stallSentence(lead.span));
    for (const stall of closedStalls) {
      if (!awaited.has(stall.id)) continue;
      show(stall, `It has ended: ${stall.endedBy?.text ?? stallSentence(stall.span)}`);
      void awaitEnd(stall.id, false);
    }
    known = keys;
  });
}

function show({ id, span, cause }: Stall, title: string): void {
  const note = new Notification(title, {
    body: cause?.text ?? span.path ?? '',
    tag: `fusescope-stall-${id}`,
  });
  note.onclick = () => {
    window.focus();
    location.assign(`/stalls/${id}`);
  };
}
