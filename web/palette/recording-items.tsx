// Recordings in the palette: begin, stop, keep what is in front, open one.
import { useQuery } from '@tanstack/react-query';
import { Command } from 'cmdk';
import { useLocation } from 'wouter';
import { isGrowing, recordingsQuery } from '../api/queries.ts';
import { makeRecording, stopRecording } from '../recordings/recorder.ts';
import { visible } from '../ui/visible.ts';
import { recordingHref, recordingId } from '../url/recording.ts';
import { useViewParams } from '../url/use.ts';

interface ItemsProps {
  /** What an item does once the palette is closed. */
  run: (action: () => void) => () => void;
}

export function RecordingItems({ run }: ItemsProps) {
  const { data } = useQuery(recordingsQuery);
  const [, navigate] = useLocation();
  const [{ range, filter }] = useViewParams();
  const items = data?.items ?? [];
  const keep = () =>
    makeRecording({
      ...(filter === '' ? {} : { filter }),
      ...(range?.fromUs == null ? {} : { from: String(Math.floor(range.fromUs)) }),
      ...(range?.toUs == null ? {} : { to: String(Math.ceil(range.toUs)) }),
    });
  return (
    <Command.Group heading="Recordings">
      {recordingId === null && (
        <Command.Item onSelect={run(() => void makeRecording())}>
          Start recording
          <span className="sp" />
          <kbd>r</kbd>
        </Command.Item>
      )}
      {recordingId === null && range !== null && (
        <Command.Item onSelect={run(() => void keep().then(() => navigate('/recordings')))}>
          Keep this range{filter === '' ? '' : ' and filter'} as a recording
        </Command.Item>
      )}
      {recordingId !== null && (
        <Command.Item onSelect={run(() => location.assign('/'))}>Close this recording, go live</Command.Item>
      )}
      <Command.Item onSelect={run(() => navigate('/recordings'))}>Import a log or a recording</Command.Item>
      {items.map((one) =>
        isGrowing(one) && recordingId === null ? (
          <Command.Item
            key={one.id}
            value={`stop ${one.id}`}
            onSelect={run(() => void stopRecording(one.id))}
          >
            Stop recording {visible(one.name)}
          </Command.Item>
        ) : (
          one.state === 'done' && (
            <Command.Item
              key={one.id}
              value={`recording ${one.id} ${one.name}`}
              onSelect={run(() => location.assign(recordingHref(one.id)))}
            >
              <span className="ell">Open {visible(one.name)}</span>
            </Command.Item>
          )
        ),
      )}
    </Command.Group>
  );
}
