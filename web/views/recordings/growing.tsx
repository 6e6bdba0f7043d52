// A recording that grows: its size as it becomes, and its end.
import { useStore } from 'zustand';
import type { Recording } from '../../../shared/recording.ts';
import { formatBytes, formatCount } from '../../../shared/units.ts';
import { recorder, stopRecording } from '../../recordings/recorder.ts';
import { Age } from '../../ui/age.tsx';
import { Figure } from '../../ui/figure.tsx';
import { visible } from '../../ui/visible.ts';
import { recordingHref, recordingId } from '../../url/recording.ts';
import type { Deed } from './recordings.tsx';
import './growing.css';

interface GrowingProps {
  recording: Recording;
  onAsk: (deed: Deed, recording: Recording) => void;
}

export function Growing({ recording, onAsk }: GrowingProps) {
  const { pending } = useStore(recorder);
  const { id, name, filter, notes, source, createdUs, fromUs, spans, sizeBytes } = recording;
  // A copy or a log that is read ends by itself.
  const stops = source === 'live' || source === 'run';
  return (
    <section className="rec-growing" aria-label={`Recording ${visible(name)}`}>
      <span className="rec-dot" aria-hidden="true" />
      <div>
        <h2>{visible(name)}</h2>
        <p>
          {filter === '' ? 'every operation' : <code>{visible(filter)}</code>}
          {notes !== '' && `, ${visible(notes.split('\n')[0] ?? '')}`}
        </p>
      </div>
      <dl>
        <div>
          <dt>for</dt>
          <dd>{recordingId === null && <Age sinceUs={fromUs ?? createdUs} />}</dd>
        </div>
        <div>
          <dt>operations</dt>
          <dd>
            <Figure of={formatCount(spans)} />
          </dd>
        </div>
        <div>
          <dt>size</dt>
          <dd>
            <Figure of={formatBytes(sizeBytes)} />
          </dd>
        </div>
      </dl>
      <div className="rec-acts">
        {stops ? (
          <>
            <button type="button" className="btn" disabled={pending} onClick={() => stopRecording(id)}>
              Stop
            </button>
            <a className="btn ghost" href={recordingHref(id)}>
              Look at it so far
            </a>
            <button type="button" className="btn ghost" onClick={() => onAsk('describe', recording)}>
              Name and notes
            </button>
          </>
        ) : (
          <span className="dim">it can be opened when it is done</span>
        )}
      </div>
    </section>
  );
}
