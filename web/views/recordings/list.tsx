// The table of recordings that are done.
import type { Recording } from '../../../shared/recording.ts';
import { formatBytes, formatCount, formatDuration } from '../../../shared/units.ts';
import { clock } from '../../live/clock.ts';
import { Figure, None } from '../../ui/figure.tsx';
import { dateText } from '../../ui/time.ts';
import { visible } from '../../ui/visible.ts';
import { recordingHref, recordingId } from '../../url/recording.ts';
import { RecordingMenu } from './menu.tsx';
import type { Deed } from './recordings.tsx';
import { contentWords, lengthUs, mountWords, SOURCES } from './words.ts';
import './list.css';

interface TableProps {
  recordings: readonly Recording[];
  onAsk: (deed: Deed, recording: Recording) => void;
}

export function RecordingTable({ recordings, onAsk }: TableProps) {
  const now = Date.now() * 1e3;
  return (
    <section className="rec-list" aria-label="Recordings">
      <table>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Made</th>
            <th scope="col" className="right">
              Length
            </th>
            <th scope="col" className="right">
              Operations
            </th>
            <th scope="col" className="right">
              Open
            </th>
            <th scope="col" className="right">
              Stalls
            </th>
            <th scope="col" className="right">
              Lost
            </th>
            <th scope="col" className="right">
              Size
            </th>
            <th scope="col">
              <span className="sr">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {recordings.map((recording) => (
            <Row key={recording.id} recording={recording} nowUs={now} onAsk={onAsk} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

interface RowProps {
  recording: Recording;
  nowUs: number;
  onAsk: TableProps['onAsk'];
}

function Row({ recording, nowUs, onAsk }: RowProps) {
  const { id, name, notes, source, state, problem, createdUs, open, stalls, lost, filter, mounts } =
    recording;
  const length = lengthUs(recording, clock.nowUs());
  const about = [SOURCES[source], mountWords(mounts), filter].filter((part) => part !== '');
  return (
    <tr aria-current={id === recordingId ? 'true' : undefined}>
      <td className="rec-name">
        {state === 'broken' ? (
          <span className="er">{visible(name)}</span>
        ) : (
          <a href={recordingHref(id)} data-item>
            {visible(name)}
          </a>
        )}
        {id === recordingId && <span className="dim"> open here</span>}
        {state === 'broken' ? (
          <p className="er">cannot be read: {visible(problem ?? '')}</p>
        ) : (
          <p>{about.map(visible).join(' · ')}</p>
        )}
        {notes !== '' && <p className="rec-notes">{visible(notes.split('\n')[0] ?? '')}</p>}
        <p className="rec-words">{contentWords(recording, nowUs)}</p>
      </td>
      <td className="sec n">{dateText(createdUs, nowUs)}</td>
      <td className="right">{length === null ? <None /> : <Figure of={formatDuration(length * 1e3)} />}</td>
      <td className="right">
        <Figure of={formatCount(recording.spans)} />
      </td>
      <td className="right">
        <Figure of={formatCount(open)} />
      </td>
      <td className={stalls > 0 ? 'right st' : 'right'}>
        <Figure of={formatCount(stalls)} />
      </td>
      <td className={lost > 0 ? 'right sl' : 'right'}>
        <Figure of={formatCount(lost)} />
      </td>
      <td className="right">
        <Figure of={formatBytes(recording.sizeBytes)} />
      </td>
      <td className="right">
        <RecordingMenu recording={recording} onAsk={onAsk} />
      </td>
    </tr>
  );
}
