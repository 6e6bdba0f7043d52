// The top line: name, tabs, search, theme. On a narrow screen the tabs lie at the bottom (MobileTabs).
import { Contrast, Moon, Search, Settings, Sun } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { Link, useLocation } from 'wouter';
import { useStore } from 'zustand';
import { live } from '../live/feed.ts';
import { RecordButton } from '../recordings/record-button.tsx';
import { cycleTheme, theme } from '../theme/theme.ts';
import { Logo } from '../ui/glyph.tsx';
import { groupStalls } from '../ui/stall-groups.ts';
import { hrefKeeping, useViewParams } from '../url/use.ts';
import { isUnder, TAB_VIEWS } from './views.ts';
import './top.css';

const THEME_ICONS = { system: Contrast, dark: Moon, light: Sun };

/** Number of open stalls as a pill; nothing while there are none. */
function StallCount() {
  const count = useStore(live, (state) => groupStalls(state.stalls).length);
  return count === 0 ? null : (
    <span className="hot">
      {count}
      <span className="sr"> open</span>
    </span>
  );
}

export function Top({ onSearch }: { onSearch: () => void }) {
  const [path] = useLocation();
  const [params] = useViewParams();
  const { choice } = useStore(theme);
  const Icon = THEME_ICONS[choice];
  return (
    <header className="top">
      <Link className="logo" href="/">
        <Logo />
        <span className="words">FuseScope</span>
      </Link>
      <nav className="tabs" aria-label="Views">
        {TAB_VIEWS.map((view) => (
          <Link
            key={view.path}
            href={hrefKeeping(view.path, params)}
            aria-current={isUnder(view, path) ? 'page' : undefined}
          >
            {view.name}
            {view.path === '/stalls' && <StallCount />}
          </Link>
        ))}
      </nav>
      <span className="sp" />
      <button type="button" className="search" onClick={onSearch}>
        <Search className="ic" aria-hidden />
        <span className="words">Search or run a command</span>
        <kbd>Ctrl K</kbd>
      </button>
      <RecordButton />
      <button
        type="button"
        className="icb"
        onClick={cycleTheme}
        aria-label={`Theme: ${choice}. Change it`}
        title={`Theme: ${choice}`}
      >
        <Icon className="ic" aria-hidden />
      </button>
      <Link
        className="icb"
        href="/settings"
        aria-label="Settings"
        title="Settings"
        aria-current={path === '/settings' ? 'page' : undefined}
      >
        <Settings className="ic" aria-hidden />
      </Link>
    </header>
  );
}

/** The tabs of a narrow screen. */
export function MobileTabs() {
  const bar = useRef<HTMLElement>(null);
  const [path] = useLocation();
  const [params] = useViewParams();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another path is another current tab
  useEffect(() => {
    const element = bar.current;
    if (!element) return;
    // It is told of the first size too, and of each window that becomes narrow.
    const observer = new ResizeObserver(() =>
      element.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' }),
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [path]);
  return (
    <nav className="mnav" aria-label="Views" ref={bar}>
      {TAB_VIEWS.map((view) => (
        <Link
          key={view.path}
          href={hrefKeeping(view.path, params)}
          aria-current={isUnder(view, path) ? 'page' : undefined}
        >
          <view.icon className="ic" aria-hidden />
          {view.name}
          {view.path === '/stalls' && <StallCount />}
        </Link>
      ))}
    </nav>
  );
}
