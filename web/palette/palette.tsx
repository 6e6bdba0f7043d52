// The command palette: views, stalls, mounts and the few commands there are, by typing a part of their name.
import { Command } from 'cmdk';
import { useLocation } from 'wouter';
import { useStore } from 'zustand';
import { openLayer } from '../frame/layers.ts';
import { VIEWS } from '../frame/views.ts';
import { live, togglePause } from '../live/feed.ts';
import { setTheme } from '../theme/theme.ts';
import { copyText } from '../ui/copy.tsx';
import { StateGlyph } from '../ui/glyph.tsx';
import { stallSentence } from '../ui/stall-text.ts';
import { visible } from '../ui/visible.ts';
import { term } from '../url/terms.ts';
import { operationsHref } from '../url/use.ts';
import './palette.css';

import { FaultItems } from './fault-items.tsx';
import { RecordingItems } from './recording-items.tsx';

interface PaletteProps {
  onClose: () => void;
}

export default function Palette({ onClose }: PaletteProps) {
  const [, navigate] = useLocation();
  const stalls = useStore(live, (state) => state.stalls);
  const mounts = useStore(live, (state) => state.mounts);
  const paused = useStore(live, (state) => state.pausedUs !== null);
  const run = (action: () => void) => () => {
    onClose();
    action();
  };
  const go = (href: string) => run(() => navigate(href));
  return (
    <Command.Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      label="Search or run a command"
      overlayClassName="veil"
      contentClassName="palette"
    >
      <Command.Input placeholder="A view, a mount, a stall, a command" />
      <Command.List>
        <Command.Empty>Nothing is called so.</Command.Empty>
        <Command.Group heading="Go to">
          {stalls.map((stall) => (
            <Command.Item
              key={stall.id}
              value={`stall ${stall.id} ${stallSentence(stall.span)}`}
              onSelect={go(`/stalls/${stall.id}`)}
            >
              <StateGlyph state="stalled" word={false} />
              <span className="ell">
                Stall {stall.id}: {stallSentence(stall.span)}
              </span>
            </Command.Item>
          ))}
          {VIEWS.map((view) => (
            <Command.Item key={view.path} value={view.name} onSelect={go(view.path)}>
              <view.icon className="ic" aria-hidden />
              {view.name}
              <span className="sp" />
              <kbd>{view.key}</kbd>
            </Command.Item>
          ))}
        </Command.Group>
        <Command.Group heading="Mounts">
          {mounts.map((mount) => (
            <Command.Item
              key={mount.id}
              value={`mount ${mount.mount} ${mount.id}`}
              onSelect={go(operationsHref({ filter: term('mount', mount.mount) }))}
            >
              <StateGlyph state={mount.state} />
              <span className="mono">{visible(mount.mount)}</span>
              <span className="dim">its operations</span>
            </Command.Item>
          ))}
        </Command.Group>
        <RecordingItems run={run} />
        <FaultItems run={run} />
        <Command.Group heading="Do">
          <Command.Item onSelect={run(togglePause)}>
            {paused ? 'Resume' : 'Pause'}
            <span className="sp" />
            <kbd>Space</kbd>
          </Command.Item>
          <Command.Item onSelect={go('/start')}>Mount a traced mirror, or start the demo</Command.Item>
          <Command.Item onSelect={go('/settings')}>
            Change thresholds, see alerts and access
            <span className="sp" />
            <kbd>0</kbd>
          </Command.Item>
          <Command.Item onSelect={run(() => void copyText(location.href))}>
            Copy the URL of this view
          </Command.Item>
          <Command.Item onSelect={run(() => setTheme('dark'))}>Theme: dark</Command.Item>
          <Command.Item onSelect={run(() => setTheme('light'))}>Theme: light</Command.Item>
          <Command.Item onSelect={run(() => setTheme('system'))}>Theme: as the system</Command.Item>
          <Command.Item onSelect={run(() => openLayer('keys'))}>
            All keys
            <span className="sp" />
            <kbd>?</kbd>
          </Command.Item>
        </Command.Group>
      </Command.List>
    </Command.Dialog>
  );
}
