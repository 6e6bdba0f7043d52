// The frame of this view's dialogs.
import { Dialog } from 'radix-ui';
import type { Recording } from '../../../shared/recording.ts';
import '../../keys/sheet.css';
import './sheet.css';

export interface DialogProps {
  recording: Recording;
  /** All that can be looked at. */
  others: readonly Recording[];
  onClose: () => void;
}

interface SheetProps {
  title: string;
  onClose: () => void;
  children: React.ReactNode;
}

export function Sheet({ title, onClose, children }: SheetProps) {
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="veil" />
        <Dialog.Content className="sheet rec-sheet" aria-describedby={undefined}>
          <Dialog.Title className="sheet-title">{title}</Dialog.Title>
          {children}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
