// The menu of a cell: it speaks the filter language. Opened by the other mouse button or the menu key.
import { ContextMenu } from 'radix-ui';
import { useState } from 'react';
import { useLocation } from 'wouter';
import type { Span } from '../../../shared/span.ts';
import { copyText } from '../../ui/copy.tsx';
import { visible } from '../../ui/visible.ts';
import type { Column } from './columns.tsx';
import type { Jump } from './jumps.ts';

/** The cell that a menu is about. */
export interface Target {
  span: Span;
  column: Column;
}

interface CellMenuProps {
  children: React.ReactNode;
  /** What lies under an element of the table; null: nothing a menu is about. */
  targetOf: (element: Element) => Target | null;
  onInclude: (term: string) => void;
  onExclude: (term: string) => void;
  onMark: (term: string) => void;
  jumpsOf: (span: Span) => Jump[];
}

const TERMS = 4;

export function CellMenu({ children, targetOf, onInclude, onExclude, onMark, jumpsOf }: CellMenuProps) {
  const [target, setTarget] = useState<Target | null>(null);
  const [, navigate] = useLocation();
  const terms = target?.column.terms?.(target.span).slice(0, TERMS) ?? [];
  const [first] = terms;
  return (
    <ContextMenu.Root>
      <ContextMenu.Trigger
        className="cell-menu"
        onContextMenuCapture={(event) => {
          const found = event.target instanceof Element ? targetOf(event.target) : null;
          // Where there is nothing of ours, the browser's own menu is of more use.
          if (found) setTarget(found);
          else event.stopPropagation();
        }}
      >
        {children}
      </ContextMenu.Trigger>
      <ContextMenu.Portal>
        <ContextMenu.Content className="menu" aria-label="This cell">
          {target && (
            <>
              {terms.map((one, i) => (
                <Item
                  key={`+${one}`}
                  label="Include"
                  value={one}
                  hint={i === 0 ? 'i' : ''}
                  run={() => onInclude(one)}
                />
              ))}
              {terms.map((one, i) => (
                <Item
                  key={`-${one}`}
                  label="Exclude"
                  value={one}
                  hint={i === 0 ? 'x' : ''}
                  run={() => onExclude(one)}
                />
              ))}
              {first && (
                <Item label="Highlight these rows" value={first} hint="h" run={() => onMark(first)} />
              )}
              {terms.length > 0 && <ContextMenu.Separator className="menu-line" />}
              {jumpsOf(target.span).map((jump) => (
                <Item key={jump.key} label={jump.label} hint={jump.key} run={() => navigate(jump.href)} />
              ))}
              <ContextMenu.Separator className="menu-line" />
              <Item
                label="Copy the operation as JSON"
                hint="y"
                run={() => void copyText(JSON.stringify(target.span, null, 2))}
              />
              <Item
                label="Copy its URL"
                run={() => void copyText(`${location.origin}/operations?span=${target.span.id}`)}
              />
            </>
          )}
        </ContextMenu.Content>
      </ContextMenu.Portal>
    </ContextMenu.Root>
  );
}

interface ItemProps {
  label: string;
  value?: string;
  hint?: string;
  run: () => void;
}

function Item({ label, value = '', hint = '', run }: ItemProps) {
  return (
    <ContextMenu.Item className="menu-item" onSelect={run}>
      <span>{label}</span>
      {value !== '' && <code className="ell">{visible(value)}</code>}
      <span className="sp" />
      {hint !== '' && <kbd>{hint}</kbd>}
    </ContextMenu.Item>
  );
}
