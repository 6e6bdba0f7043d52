// One cause is one stall: the operations that hang because of it are shown as one, with a count. Pure.
import type { Stall } from '../../shared/stall.ts';

export interface StallGroup {
  key: string;
  /** The one that has hung longest. */
  lead: Stall;
  stalls: readonly Stall[];
}

/** Groups of stalls, in the order of their first. Before a cause is found each stands for itself. */
export function groupStalls(stalls: readonly Stall[]): StallGroup[] {
  const groups = new Map<string, Stall[]>();
  for (const stall of stalls) {
    const key = String(stall.groupId ?? stall.id);
    const group = groups.get(key);
    if (group) group.push(stall);
    else groups.set(key, [stall]);
  }
  return [...groups].flatMap(([key, members]) => {
    const [lead] = members;
    return lead ? [{ key, lead, stalls: members }] : [];
  });
}
