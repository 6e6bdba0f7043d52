// The kernel tap listens to a mount once it is asked to.
import { useMutation } from '@tanstack/react-query';
import type { Mount } from '../../shared/mount.ts';
import { apiPost } from '../api/client.ts';
import { Problem } from './problem.tsx';
import { visible } from './visible.ts';

export function WatchButton({ mount }: { mount: Mount }) {
  const watch = useMutation({ mutationFn: () => apiPost(`/mounts/${mount.id}/attach`) });
  return (
    <>
      <button
        type="button"
        className="btn sm"
        disabled={watch.isPending || watch.isSuccess}
        onClick={() => watch.mutate()}
      >
        {watch.isPending || watch.isSuccess ? 'Attaching' : 'Watch'}
        <span className="sr"> {visible(mount.mount)}</span>
      </button>
      {watch.error && <Problem error={watch.error} />}
    </>
  );
}
