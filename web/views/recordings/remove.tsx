// Removing a recording for good. The focus begins on Cancel.
import { useMutation } from '@tanstack/react-query';
import { AlertDialog } from 'radix-ui';
import { apiDelete } from '../../api/client.ts';
import { refreshRecordings } from '../../recordings/recorder.ts';
import { Problem } from '../../ui/problem.tsx';
import { visible } from '../../ui/visible.ts';
import { recordingId } from '../../url/recording.ts';
import type { DialogProps } from './sheet.tsx';
import { contentWords } from './words.ts';

export function RemoveDialog({ recording, onClose }: DialogProps) {
  const remove = useMutation({
    mutationFn: () => apiDelete(`/recordings/${recording.id}`),
    onSuccess: async () => {
      // What the page shows must not be gone behind its back.
      if (recording.id === recordingId) location.assign('/recordings');
      await refreshRecordings();
      onClose();
    },
  });
  return (
    <AlertDialog.Root open onOpenChange={(open) => !open && onClose()}>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className="veil" />
        <AlertDialog.Content className="sheet rec-sheet">
          <AlertDialog.Title className="sheet-title">Delete {visible(recording.name)}</AlertDialog.Title>
          <AlertDialog.Description>
            It holds {contentWords(recording, Date.now() * 1e3)}. There is no other copy of it on this server.
          </AlertDialog.Description>
          {remove.error && <Problem error={remove.error} />}
          <div className="foot-acts">
            <AlertDialog.Cancel className="btn">Cancel</AlertDialog.Cancel>
            <button
              type="button"
              className="btn danger"
              disabled={remove.isPending}
              onClick={() => remove.mutate()}
            >
              Delete for good
            </button>
          </div>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
