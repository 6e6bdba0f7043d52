// The views there are, in the order of their keys. Navigation, palette and routes read this table.
import { ChartNoAxesColumn, Flame, type LucideIcon, Rows3, Table2 } from 'lucide-react';

export interface ViewInfo {
  path: string;
  name: string;
  icon: LucideIcon;
}

export const VIEWS: readonly ViewInfo[] = [
  { path: '/', name: 'Overview', icon: Rows3 },
  { path: '/operations', name: 'Operations', icon: Table2 },
  { path: '/stalls', name: 'Stalls', icon: Flame },
  { path: '/latency', name: 'Latency', icon: ChartNoAxesColumn },
];

/** Whether a path of the URL belongs to a view. */
export function isUnder(view: ViewInfo, path: string): boolean {
  return path === view.path || (view.path !== '/' && path.startsWith(`${view.path}/`));
}
