// What a recording is compared with: another one, or the live trace. The latency of both stands in one view.
import type { Recording } from '../../../shared/recording.ts';
import { visible } from '../../ui/visible.ts';
import { type DialogProps, Sheet } from './sheet.tsx';
import { contentWords } from './words.ts';

export function CompareDialog({ recording, others, onClose }: DialogProps) {
  const candidates = others.filter((one) => one.id !== recording.id && one.state === 'done');
  return (
    <Sheet title={`Compare ${visible(recording.name)} with`} onClose={onClose}>
      <ul className="rec-candidates">
        <li>
          <a className="menu-item" href={`/latency?against=recording:${recording.id}`}>
            The live trace
          </a>
        </li>
        {candidates.map((one: Recording) => (
          <li key={one.id}>
            <a className="menu-item" href={`/latency?recording=${recording.id}&against=recording:${one.id}`}>
              <span>{visible(one.name)}</span>
              <span className="dim ell">{contentWords(one, 0)}</span>
            </a>
          </li>
        ))}
      </ul>
      {candidates.length === 0 && <p className="quiet-note">There is no other recording yet.</p>}
      <div className="foot-acts">
        <button type="button" className="btn" onClick={onClose}>
          Cancel
        </button>
      </div>
    </Sheet>
  );
}
