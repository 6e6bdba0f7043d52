// What cannot be seen of this machine's mounts, why, and the way to see more. Nothing where all is captured.
import { useStore } from 'zustand';
import { useShallow } from 'zustand/react/shallow';
import type { Mount } from '../../../shared/mount.ts';
import { shown } from '../../live/feed.ts';
import { Command } from '../../ui/copy.tsx';
import { StateGlyph } from '../../ui/glyph.tsx';
import { visible } from '../../ui/visible.ts';
import './privilege.css';

export function Privilege() {
  const mounts = useStore(
    shown,
    useShallow((state) => state.mounts.filter((one) => one.tier === 'proc' && one.state !== 'gone')),
  );
  const [first] = mounts;
  if (!first) return null;
  return (
    <section className="privilege" aria-label="What cannot be seen">
      <StateGlyph state="slow" word={false} />
      <div>
        <p>{privilegeWords(mounts)}</p>
        {first.tierReason !== null && <p className="dim">{visible(first.tierReason)}</p>}
        {needsRoot(first) && <Command command="sudo fusescope serve" />}
      </div>
    </section>
  );
}

/** Whether another user sees more: other reasons (an old kernel, a loader that is not built) name their own way. */
const needsRoot = (mount: Mount) => /\bas root\b|not permitted/i.test(mount.tierReason ?? '');

/** Which mounts are only seen from outside, and what is still known of them. */
function privilegeWords(mounts: readonly Mount[]): string {
  const who = mounts.length === 1 ? `${visible(mounts[0]?.mount ?? '')} is` : `${mounts.length} mounts are`;
  const waiting = new Set(mounts.flatMap((one) => one.blocked.map(({ pid }) => pid))).size;
  const still =
    waiting === 0
      ? 'who waits for them would still be seen, and nobody does'
      : `${waiting === 1 ? 'one process is' : `${waiting} processes are`} seen to wait`;
  return `${who} seen from outside only: no operations, no paths, no latency; ${still}.`;
}
