// The button at the top that begins a recording of what comes, and ends it: what the key r does.
import { useQuery } from '@tanstack/react-query';
import { CircleDot } from 'lucide-react';
import { useStore } from 'zustand';
import { isGrowing, recordingsQuery } from '../api/queries.ts';
import { recordingId } from '../url/recording.ts';
import { recorder, toggleRecording } from './recorder.ts';

export function RecordButton() {
  const { data } = useQuery({ ...recordingsQuery, enabled: recordingId === null });
  const { pending } = useStore(recorder);
  // What a recording shows is over: there is nothing to record.
  if (recordingId !== null) return null;
  const going = data?.items.some((one) => isGrowing(one) && one.source === 'live') ?? false;
  return (
    <button
      type="button"
      className="record"
      title={going ? 'Stop recording (r)' : 'Record what comes (r)'}
      disabled={pending}
      onClick={() => void toggleRecording()}
    >
      <CircleDot className="ic" aria-hidden />
      {going ? 'Stop' : 'Record'}
      {going && <span className="sr"> recording</span>}
    </button>
  );
}
