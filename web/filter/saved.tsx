// Filters under a name of the reader's own, kept in the browser.
import { Check, ChevronDown, Trash2 } from 'lucide-react';
import { Popover } from 'radix-ui';
import { useState } from 'react';
import { useStore } from 'zustand';
import { kept } from '../ui/kept.ts';
import { visible } from '../ui/visible.ts';

interface Saved {
  name: string;
  filter: string;
}

const MOST = 50;

const savedFilters = kept<{ items: readonly Saved[] }>('filters', { items: [] }, (stored) => {
  const { items } = (stored ?? {}) as { items?: unknown };
  const fits = (one: Saved) => typeof one?.name === 'string' && typeof one.filter === 'string';
  return { items: Array.isArray(items) ? items.filter(fits).slice(0, MOST) : [] };
});

/** Under a name that is there it replaces what is saved. */
function saveFilter(name: string, filter: string): void {
  savedFilters.setState(({ items }) => ({
    items: [{ name, filter }, ...items.filter((one) => one.name !== name)].slice(0, MOST),
  }));
}

const forget = (name: string) =>
  savedFilters.setState(({ items }) => ({ items: items.filter((one) => one.name !== name) }));

export function SavedMenu({ filter, onFilter }: { filter: string; onFilter: (filter: string) => void }) {
  const { items } = useStore(savedFilters);
  const [open, setOpen] = useState(false);
  const choose = (saved: string) => {
    setOpen(false);
    onFilter(saved);
  };
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger className="btn sm">
        Saved
        <ChevronDown className="ic" aria-hidden />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content className="menu saved" align="end" sideOffset={4} aria-label="Saved filters">
          {items.length === 0 && <p className="menu-label">No filter is saved in this browser yet.</p>}
          <ul>
            {items.map((saved) => (
              <li key={saved.name}>
                <button type="button" className="menu-item" onClick={() => choose(saved.filter)}>
                  <span>{visible(saved.name)}</span>
                  <code className="ell">{visible(saved.filter)}</code>
                  {saved.filter === filter && <Check className="ic" aria-label="in force" />}
                </button>
                <button
                  type="button"
                  className="icb"
                  aria-label={`Forget ${visible(saved.name)}`}
                  onClick={() => forget(saved.name)}
                >
                  <Trash2 className="ic" aria-hidden />
                </button>
              </li>
            ))}
          </ul>
          {filter === '' ? (
            <p className="menu-label">Write a filter, and it can be saved here.</p>
          ) : (
            <SaveForm filter={filter} onDone={() => setOpen(false)} />
          )}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function SaveForm({ filter, onDone }: { filter: string; onDone: () => void }) {
  const [name, setName] = useState('');
  return (
    <form
      className="save-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() === '') return;
        saveFilter(name.trim(), filter);
        onDone();
      }}
    >
      <label>
        <span>
          Save <code>{visible(filter)}</code> as
        </span>
        <input value={name} maxLength={60} onChange={(event) => setName(event.target.value)} />
      </label>
      <button type="submit" className="btn sm" disabled={name.trim() === ''}>
        Save
      </button>
    </form>
  );
}
