// The views there are. Navigation, palette and keys read this table; the routes stand in app.tsx.
import {
  ChartNoAxesColumn,
  ChartNoAxesGantt,
  CircleDot,
  CircleX,
  Flame,
  FolderTree,
  type LucideIcon,
  Rows3,
  Settings,
  Table2,
  Unplug,
} from 'lucide-react';

export interface ViewInfo {
  /** The digit that leads there. It stays its own whatever other views there are. */
  key: string;
  path: string;
  name: string;
  icon: LucideIcon;
}

/**
 * In the order of the keys: 1 overview, 2 timeline, 3 operations, 4 stalls, 5 latency, 6 files, 7 errors,
 * 8 recordings, 9 faults, 0 settings. A view has its row once it can be used.
 */
export const VIEWS: readonly ViewInfo[] = [
  { key: '1', path: '/', name: 'Overview', icon: Rows3 },
  { key: '2', path: '/timeline', name: 'Timeline', icon: ChartNoAxesGantt },
  { key: '3', path: '/operations', name: 'Operations', icon: Table2 },
  { key: '4', path: '/stalls', name: 'Stalls', icon: Flame },
  { key: '5', path: '/latency', name: 'Latency', icon: ChartNoAxesColumn },
  { key: '6', path: '/files', name: 'Files', icon: FolderTree },
  { key: '7', path: '/errors', name: 'Errors', icon: CircleX },
  { key: '8', path: '/recordings', name: 'Recordings', icon: CircleDot },
  { key: '9', path: '/faults', name: 'Faults', icon: Unplug },
  { key: '0', path: '/settings', name: 'Settings', icon: Settings },
];

/** Those that have a tab; settings are a button beside the theme. */
export const TAB_VIEWS = VIEWS.filter((view) => view.path !== '/settings');

/** Whether a path of the URL belongs to a view. */
export function isUnder(view: ViewInfo, path: string): boolean {
  return path === view.path || (view.path !== '/' && path.startsWith(`${view.path}/`));
}
