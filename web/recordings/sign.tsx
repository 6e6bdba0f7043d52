// The sign that something is being recorded, beside the gauges: how large it has become. It leads to the recordings.
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { useStore } from 'zustand';
import { formatBytes } from '../../shared/units.ts';
import { isGrowing, recordingsQuery } from '../api/queries.ts';
import { Figure } from '../ui/figure.tsx';
import { recordingId } from '../url/recording.ts';
import { recorder } from './recorder.ts';

export function RecordingSign() {
  const { data } = useQuery({ ...recordingsQuery, enabled: recordingId === null });
  const { error } = useStore(recorder);
  const growing = data?.items.filter(isGrowing) ?? [];
  if (recordingId !== null || (growing.length === 0 && !error)) return null;
  const bytes = growing.reduce((sum, one) => sum + one.sizeBytes, 0);
  return (
    <div className="rec">
      <dt>{growing.length > 1 ? `recording ${growing.length}` : 'recording'}</dt>
      <dd>
        <Link href="/recordings" title={growing.map((one) => one.name).join(', ')}>
          {error ? <span className="er">failed</span> : <Figure of={formatBytes(bytes)} />}
        </Link>
      </dd>
    </div>
  );
}
