// On top: whether something is recorded, and the form that begins a recording or keeps what was.
import { useId, useState } from 'react';
import { useStore } from 'zustand';
import type { Recording } from '../../../shared/recording.ts';
import { formatCompact, formatDuration } from '../../../shared/units.ts';
import { readFilter } from '../../filter/pieces.ts';
import { clock } from '../../live/clock.ts';
import { live } from '../../live/feed.ts';
import { makeRecording, recorder } from '../../recordings/recorder.ts';
import { Field } from '../../ui/field.tsx';
import { visible } from '../../ui/visible.ts';
import { recordingId } from '../../url/recording.ts';
import { FilterField } from './filter-field.tsx';
import { ImportButton } from './imports.tsx';
import { leadWords } from './words.ts';

/** What a recording may hold, and from how many seconds ago. */
const STRETCHES = [
  { name: 'next', words: 'What comes, until it is stopped', s: null },
  { name: '1m', words: 'The last minute', s: 60 },
  { name: '10m', words: 'The last 10 minutes', s: 600 },
  { name: '1h', words: 'The last hour', s: 3_600 },
  { name: 'all', words: 'All that is stored', s: Number.POSITIVE_INFINITY },
] as const;

interface LeadProps {
  growing: readonly Recording[];
  count: number;
  /** Whether the list has come. */
  known: boolean;
}

export function Lead({ growing, count, known }: LeadProps) {
  return (
    <header className="rec-lead">
      <div>
        <h1>{known ? visible(leadWords(growing, count)) : 'Recordings'}</h1>
        <Stored />
      </div>
      <ImportButton />
      {recordingId === null ? (
        <StartForm />
      ) : (
        <p className="rec-here">
          A recording is open. <a href="/recordings">Go live</a> to begin another one.
        </p>
      )}
    </header>
  );
}

/** What would be lost without a recording, from the store's own figures. */
function Stored() {
  const store = useStore(live, (state) => (state.recording ? null : (state.gauges?.store ?? null)));
  const spans = formatCompact(store?.spans ?? 0).text;
  const reach =
    store?.oldestUs == null
      ? ''
      : ` of the last ${formatDuration((clock.nowUs() - store.oldestUs) * 1e3).text}`;
  return (
    <p>
      {store && store.spans > 0
        ? `The store holds ${spans} operations${reach}, and lets the oldest go when it is full. `
        : ''}
      A recording is one file that stays until it is removed, and opens on any machine.
    </p>
  );
}

function StartForm() {
  const { pending } = useStore(recorder);
  const [name, setName] = useState('');
  const [filter, setFilter] = useState('');
  const [stretch, setStretch] = useState<(typeof STRETCHES)[number]['name']>('next');
  const listId = useId();
  const read = readFilter(filter);
  const keeps = stretch !== 'next';
  return (
    <form
      className="rec-form"
      aria-label="New recording"
      onSubmit={async (event) => {
        event.preventDefault();
        if (!read.ok) return;
        const made = await makeRecording({
          ...(name.trim() === '' ? {} : { name: name.trim() }),
          ...(filter.trim() === '' ? {} : { filter: filter.trim() }),
          ...rangeFor(stretch),
        });
        if (made) setName('');
      }}
    >
      <Field label="What">
        {(field) => (
          <select
            {...field}
            value={stretch}
            onChange={(event) => setStretch(event.target.value as typeof stretch)}
          >
            {STRETCHES.map((one) => (
              <option key={one.name} value={one.name}>
                {one.words}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label="Name">
        {(field) => (
          <input
            {...field}
            value={name}
            maxLength={200}
            placeholder="the time it begins"
            onChange={(event) => setName(event.target.value)}
          />
        )}
      </Field>
      <FilterField
        value={filter}
        onChange={setFilter}
        placeholder="mount:/mnt/nas  op:write"
        error={read.ok ? null : read.error.message}
      />
      <button type="submit" className="btn pri" disabled={pending || !read.ok} aria-describedby={listId}>
        {keeps ? 'Keep it' : 'Start recording'}
        {!keeps && <kbd id={listId}>r</kbd>}
      </button>
    </form>
  );
}

function rangeFor(stretch: (typeof STRETCHES)[number]['name']): { from?: string } {
  const seconds = STRETCHES.find((one) => one.name === stretch)?.s ?? null;
  if (seconds === null) return {};
  const fromUs = Number.isFinite(seconds) ? Math.max(0, clock.nowUs() - seconds * 1e6) : 0;
  return { from: String(Math.round(fromUs)) };
}
