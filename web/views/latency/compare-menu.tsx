// What to compare with: the time before, a range dragged over the strip, another mount, a recording.
import { useQuery } from '@tanstack/react-query';
import { ChevronDown } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import { useStore } from 'zustand';
import { recordingsQuery } from '../../api/queries.ts';
import { live } from '../../live/feed.ts';
import { visible } from '../../ui/visible.ts';
import { recordingId } from '../../url/recording.ts';
import { type Against, writeAgainst } from './against.ts';
import type { Brush } from './brush.ts';
import '../../ui/menus.css';

interface CompareMenuProps {
  against: Against | null;
  /** Its stretch of time can be compared with. */
  brush: Brush | null;
  open: boolean;
  onOpen: (open: boolean) => void;
  onAgainst: (against: string | null) => void;
}

const MOST = 12;

export function CompareMenu({ against, brush, open, onOpen, onAgainst }: CompareMenuProps) {
  const mounts = useStore(live, (state) => state.mounts);
  const recordings = useQuery({ ...recordingsQuery, enabled: open });
  const others =
    recordings.data?.items.filter(({ id, state }) => state === 'done' && id !== recordingId) ?? [];
  const choose = (one: Against) => () => onAgainst(writeAgainst(one));
  return (
    <DropdownMenu.Root open={open} onOpenChange={onOpen}>
      <DropdownMenu.Trigger className="btn sm">
        Compare with… <kbd>c</kbd>
        <ChevronDown className="ic" aria-hidden />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu compare-menu" align="end" sideOffset={4}>
          <Item onSelect={choose({ kind: 'before' })}>The same time before</Item>
          {brush && (
            <Item onSelect={choose({ kind: 'range', fromUs: brush.fromUs, toUs: brush.toUs })}>
              The time of the brush
            </Item>
          )}
          {mounts.length > 1 && <DropdownMenu.Label className="menu-label">Mount</DropdownMenu.Label>}
          {mounts.length > 1 &&
            mounts.slice(0, MOST).map(({ id, mount }) => (
              <Item key={id} onSelect={choose({ kind: 'mount', mount })}>
                <code className="ell">{visible(mount)}</code>
              </Item>
            ))}
          {others.length > 0 && <DropdownMenu.Label className="menu-label">Recording</DropdownMenu.Label>}
          {others.slice(0, MOST).map(({ id, name }) => (
            <Item key={id} onSelect={choose({ kind: 'recording', id })}>
              <span className="ell">{visible(name)}</span>
            </Item>
          ))}
          {against && (
            <>
              <DropdownMenu.Separator className="menu-line" />
              <Item onSelect={() => onAgainst(null)}>Nothing</Item>
            </>
          )}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

function Item({ onSelect, children }: { onSelect: () => void; children: React.ReactNode }) {
  return (
    <DropdownMenu.Item className="menu-item" onSelect={onSelect}>
      {children}
    </DropdownMenu.Item>
  );
}
