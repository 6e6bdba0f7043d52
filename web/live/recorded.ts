// Shows a recording in place of the live feed: its picture is put where the feed's frames would go, and time stands
// still at its end. The views need not know.
import type { SnapshotFrame } from '../../shared/live.ts';
import type { Recording } from '../../shared/recording.ts';
import { apiGet, RequestError } from '../api/client.ts';
import { clock } from './clock.ts';
import { live, shown } from './feed.ts';
import { afterFrame, NOTHING_YET } from './state.ts';

export async function showRecording(id: number): Promise<void> {
  document.documentElement.dataset.recording = String(id);
  try {
    const recording = await apiGet<Recording>(`/recordings/${id}`);
    const picture = await apiGet<SnapshotFrame>(`/recordings/${id}/picture`);
    const { nowUs } = picture.gauges;
    clock.stop(nowUs);
    live.setState({
      ...afterFrame(NOTHING_YET, picture),
      link: { kind: 'up' },
      pausedUs: nowUs,
      recording: { ...recording, fromUs: recording.fromUs ?? nowUs, toUs: nowUs },
    });
    shown.setState(live.getState());
  } catch (error) {
    const problem = error instanceof RequestError ? error : new Error('The recording cannot be shown.');
    live.setState({ problem });
  }
}
