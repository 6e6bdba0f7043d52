// The `y` sheet: what is on the screen as a command, as JSON, as a URL. A digit or Enter copies.
import { Dialog } from 'radix-ui';
import { useState } from 'react';
import { useStore } from 'zustand';
import { copies } from './copies.ts';
import { copyText } from './copy.tsx';
import { visible } from './visible.ts';
import './menus.css';

interface CopySheetProps {
  open: boolean;
  onClose: () => void;
}

export function CopySheet({ open, onClose }: CopySheetProps) {
  const choices = useStore(copies, (state) => state.choices);
  const [said, setSaid] = useState('');
  const copy = async (index: number) => {
    const choice = choices[index];
    if (!choice) return;
    try {
      const done = await copyText(await choice.text());
      if (done) close();
      else setSaid('The browser did not allow it.');
    } catch (error) {
      setSaid(error instanceof Error ? error.message : String(error));
    }
  };
  const close = () => {
    setSaid('');
    onClose();
  };
  return (
    <Dialog.Root open={open} onOpenChange={(next) => !next && close()}>
      <Dialog.Portal>
        <Dialog.Overlay className="veil" />
        <Dialog.Content
          className="sheet copy-sheet"
          aria-describedby={undefined}
          onKeyDown={(event) => {
            if (/^[1-9]$/.test(event.key)) void copy(Number(event.key) - 1);
          }}
        >
          <Dialog.Title className="sheet-title">Copy as</Dialog.Title>
          <ol>
            {choices.map((choice, i) => (
              <li key={choice.label}>
                <button type="button" className="menu-item" onClick={() => void copy(i)}>
                  <kbd>{i + 1}</kbd>
                  <span>{choice.label}</span>
                  {choice.preview && <code className="ell">{visible(choice.preview)}</code>}
                </button>
              </li>
            ))}
          </ol>
          <p role="alert" className="er">
            {said}
          </p>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
