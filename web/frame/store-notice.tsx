// A line above the view while nothing can be stored, and one that can be put away for what has happened to the database.
import { X } from 'lucide-react';
import { useState } from 'react';
import { useStore } from 'zustand';
import { formatCount } from '../../shared/units.ts';
import { live } from '../live/feed.ts';
import { visible } from '../ui/visible.ts';

export function StoreNotice() {
  const store = useStore(live, (state) => state.gauges?.store ?? null);
  const recording = useStore(live, (state) => state.recording !== null);
  const [read, setRead] = useState<string | null>(null);
  const failing = store?.state === 'failing';
  const message = store?.message ?? null;
  const shown = store !== null && !recording && (failing || (message !== null && message !== read));
  return (
    // Always there, so that a screen reader hears what comes into it.
    <div className="notices" role="status" aria-label="The store">
      {shown && (
        <p className={failing ? 'notice er' : 'notice sl'}>
          <span>
            {failing && (
              <b>Nothing is stored now; what is live goes on. {formatCount(store.queued).text} wait. </b>
            )}
            {visible(message ?? 'The store fails')}
          </span>
          {!failing && (
            <button type="button" className="icb" aria-label="Put away" onClick={() => setRead(message)}>
              <X className="ic" aria-hidden />
            </button>
          )}
        </p>
      )}
    </div>
  );
}
