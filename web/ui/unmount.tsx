// What can be done about a dead mount: it is taken out of sight, after a look at who holds it.
import { useMutation } from '@tanstack/react-query';
import type { Mount } from '../../shared/mount.ts';
import type { Action } from '../../shared/ways.ts';
import { apiGet } from '../api/client.ts';
import { Problem } from './problem.tsx';
import { visible } from './visible.ts';
import type { Asked } from './way-dialog.tsx';

/** @param onAsk shows the preview: not in here, since the button goes with its mount */
export function UnmountButton({ mount, onAsk }: { mount: Mount; onAsk: (asked: Asked) => void }) {
  const look = useMutation({
    mutationFn: () => unmountOf(mount.id),
    onSuccess: (action) => onAsk({ mountId: mount.id, action, pid: null, signal: 'SIGTERM' }),
  });
  return (
    <>
      <button type="button" className="btn sm" disabled={look.isPending} onClick={() => look.mutate()}>
        Unmount…<span className="sr"> {visible(mount.mount)}</span>
      </button>
      {look.error && <Problem error={look.error} />}
    </>
  );
}

/** @throws where it does not apply any more, or the server may not: with the command for who may. */
async function unmountOf(mountId: number): Promise<Action> {
  const { items } = await apiGet<{ items: Action[] }>(`/mounts/${mountId}/actions`);
  const action = items.find((one) => one.action === 'unmount');
  if (!action?.applies) throw new Error(visible(action?.effect ?? 'It is not mounted any more.'));
  if (!action.permitted) throw new Error(`This server may not. Run: ${visible(action.manual ?? '')}`);
  return action;
}
