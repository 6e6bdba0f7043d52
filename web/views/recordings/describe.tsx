// A recording's name and notes.
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { Recording } from '../../../shared/recording.ts';
import { apiPatch } from '../../api/client.ts';
import { refreshRecordings } from '../../recordings/recorder.ts';
import { Field } from '../../ui/field.tsx';
import { Problem } from '../../ui/problem.tsx';
import { type DialogProps, Sheet } from './sheet.tsx';

export function DescribeDialog({ recording, onClose }: DialogProps) {
  const [name, setName] = useState(recording.name);
  const [notes, setNotes] = useState(recording.notes);
  const change = useMutation({
    mutationFn: () => apiPatch<Recording>(`/recordings/${recording.id}`, { name: name.trim(), notes }),
    onSuccess: async () => {
      await refreshRecordings();
      onClose();
    },
  });
  const nameless = name.trim() === '';
  return (
    <Sheet title="Name and notes" onClose={onClose}>
      <form
        className="rec-fields"
        onSubmit={(event) => {
          event.preventDefault();
          if (!nameless) change.mutate();
        }}
      >
        <Field label="Name" error={nameless ? 'It needs a name' : null}>
          {(field) => (
            <input
              {...field}
              value={name}
              maxLength={200}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        <Field label="Notes" hint="They stay in the file, whoever gets it.">
          {(field) => (
            <textarea
              {...field}
              rows={5}
              value={notes}
              maxLength={20_000}
              onChange={(event) => setNotes(event.target.value)}
            />
          )}
        </Field>
        {change.error && <Problem error={change.error} />}
        <div className="foot-acts">
          <button type="button" className="btn" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="btn pri" disabled={nameless || change.isPending}>
            Save
          </button>
        </div>
      </form>
    </Sheet>
  );
}
