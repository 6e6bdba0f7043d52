// A part of a recording, by range and filter: kept as another recording, or all that is left of this one.
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { formatCount } from '../../../shared/units.ts';
import { apiPatch, apiPost } from '../../api/client.ts';
import { partQuery } from '../../api/queries.ts';
import { readFilter } from '../../filter/pieces.ts';
import { refreshRecordings } from '../../recordings/recorder.ts';
import { Field } from '../../ui/field.tsx';
import { Problem } from '../../ui/problem.tsx';
import { visible } from '../../ui/visible.ts';
import { recordingId } from '../../url/recording.ts';
import { FilterField } from './filter-field.tsx';
import { type DialogProps, Sheet } from './sheet.tsx';
import { countWords, fieldTime, timeOf } from './words.ts';

export function TrimDialog({ recording, onClose }: DialogProps) {
  const [from, setFrom] = useState(fieldTime(recording.fromUs));
  const [to, setTo] = useState(fieldTime(recording.toUs));
  const [filter, setFilter] = useState('');
  const read = readFilter(filter);
  const [fromUs, toUs] = [timeOf(from), timeOf(to)];
  const backwards = fromUs != null && toUs != null && fromUs >= toUs;
  const valid = read.ok && fromUs !== undefined && toUs !== undefined && !backwards;
  const range = {
    // A field knows milliseconds; the ends of the recording are known better.
    fromUs: from === fieldTime(recording.fromUs) ? recording.fromUs : (fromUs ?? null),
    toUs: to === fieldTime(recording.toUs) ? recording.toUs : (toUs ?? null),
  };
  const part = useQuery({ ...partQuery(recording.id, filter, range), enabled: valid });
  const what = {
    ...(filter.trim() === '' ? {} : { filter: filter.trim() }),
    ...(range.fromUs === null ? {} : { from: String(Math.floor(range.fromUs)) }),
    ...(range.toUs === null ? {} : { to: String(Math.ceil(range.toUs)) }),
  };
  const onSuccess = async () => {
    if (recording.id === recordingId) location.reload();
    await refreshRecordings();
    onClose();
  };
  const keep = useMutation({
    mutationFn: () =>
      apiPost('/recordings', {
        ...what,
        recording: recording.id,
        name: `${recording.name}, a part`.slice(0, 200),
        notes: recording.notes,
      }),
    onSuccess,
  });
  const trim = useMutation({
    mutationFn: () => apiPatch(`/recordings/${recording.id}`, { trim: what }),
    onSuccess,
  });
  const error = keep.error ?? trim.error ?? part.error;
  const idle = valid && !keep.isPending && !trim.isPending;
  return (
    <Sheet title={`A part of ${visible(recording.name)}`} onClose={onClose}>
      <div className="rec-fields">
        <div className="rec-pair">
          <Field label="From" error={fromUs === undefined ? 'That is no time' : null}>
            {(field) => (
              <input
                {...field}
                type="datetime-local"
                step="0.001"
                value={from}
                onChange={(event) => setFrom(event.target.value)}
              />
            )}
          </Field>
          <Field
            label="To"
            error={
              toUs === undefined ? 'That is no time' : backwards ? 'It must be after the beginning' : null
            }
          >
            {(field) => (
              <input
                {...field}
                type="datetime-local"
                step="0.001"
                value={to}
                onChange={(event) => setTo(event.target.value)}
              />
            )}
          </Field>
        </div>
        <FilterField
          value={filter}
          onChange={setFilter}
          placeholder="op:write  path:/a/**"
          error={read.ok ? null : read.error.message}
        />
        <p className="quiet-note" role="status">
          {valid && part.data
            ? `${countWords(part.data.operations, 'operation')} of ${formatCount(recording.spans).text} ${part.data.operations === 1 ? 'is' : 'are'} in this part.`
            : ' '}
        </p>
        {error && <Problem error={error} />}
      </div>
      <div className="foot-acts">
        <button type="button" className="btn" onClick={onClose}>
          Cancel
        </button>
        <button type="button" className="btn danger" disabled={!idle} onClick={() => trim.mutate()}>
          {trim.isPending ? 'Trimming' : 'Trim: delete the rest'}
        </button>
        <button type="button" className="btn pri" disabled={!idle} onClick={() => keep.mutate()}>
          {keep.isPending ? 'Keeping it' : 'Keep the part as another'}
        </button>
      </div>
    </Sheet>
  );
}
