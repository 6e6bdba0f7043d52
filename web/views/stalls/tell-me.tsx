// Leaving a stall to itself: a notification when it has ended.
import { useStore } from 'zustand';
import type { Stall } from '../../../shared/stall.ts';
import { awaitEnd, canNotify, notifying } from '../../ui/notify.ts';

export function TellMe({ stall }: { stall: Stall }) {
  const { awaited, refused } = useStore(notifying);
  if (!canNotify() || stall.state !== 'open') return null;
  const waits = awaited.has(stall.id);
  return (
    <div className="act">
      <div>
        <h3>Leave it as it is</h3>
        <p>
          {refused
            ? 'The browser does not allow notifications of this page.'
            : 'Whoever waits goes on where they are, once it is answered.'}
        </p>
      </div>
      <button
        type="button"
        className="btn sm"
        aria-pressed={waits}
        disabled={refused}
        onClick={() => awaitEnd(stall.id, !waits)}
      >
        {waits ? 'You will be told' : 'Tell me when it ends'}
      </button>
    </div>
  );
}
