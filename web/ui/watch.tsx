// The kernel tap listens to a mount once it is asked to, and no longer once it is asked not to.
import { useMutation } from '@tanstack/react-query';
import type { Mount } from '../../shared/mount.ts';
import { apiPost } from '../api/client.ts';
import { Problem } from './problem.tsx';
import { visible } from './visible.ts';

export function WatchButton({ mount }: { mount: Mount }) {
  return <Change mount={mount} verb="attach" label="Watch" pending="Attaching" />;
}

/** Shown over the name of the capture while the row is pointed at or the button has the focus. */
export function UnwatchButton({ mount }: { mount: Mount }) {
  return <Change mount={mount} verb="detach" label="Unwatch" pending="Detaching" />;
}

interface ChangeProps {
  mount: Mount;
  verb: 'attach' | 'detach';
  label: string;
  pending: string;
}

/** The button goes with the next frame, in which the mount is captured otherwise. */
function Change({ mount, verb, label, pending }: ChangeProps) {
  const change = useMutation({ mutationFn: () => apiPost(`/mounts/${mount.id}/${verb}`) });
  const asked = change.isPending || change.isSuccess;
  return (
    <>
      <button type="button" className={`btn sm ${verb}`} disabled={asked} onClick={() => change.mutate()}>
        {asked ? pending : label}
        <span className="sr"> {visible(mount.mount)}</span>
      </button>
      {change.error && <Problem error={change.error} />}
    </>
  );
}
