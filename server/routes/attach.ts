// POST /api/mounts/:id/attach and /detach: whether the kernel tap listens to a mount.
import { MountSchema } from '../../shared/mount.ts';
import type { Context } from '../context.ts';
import { CodedError } from '../errors.ts';
import { isTapped, type MountRecord } from '../mounts/registry.ts';
import type { Scope } from './scope.ts';
import { errorAnswers, IdParams } from './scope.ts';

/** The collector does it at once; longer than this it is not waited for. */
const WAIT_MS = 3_000;

export function attachRoutes(app: Scope, context: Context): void {
  const { trace, attach, kernel } = context;
  const schema = {
    tags: ['mounts'],
    params: IdParams,
    description:
      'Remembered over restarts. The answer’s tier tells what captures the mount now, tierReason why.',
    response: { 200: MountSchema, ...errorAnswers },
  };
  app.post(
    '/api/mounts/:id/attach',
    { schema: { ...schema, summary: 'Listen to the mount’s requests in the kernel' } },
    async (request) => {
      const mount = find(request.params.id);
      attach.attach([mount.mount, ...mount.alsoAt]);
      kernel.tell();
      // Where there is no tap at all, the tier is `proc` whatever is asked for.
      await settled(mount, () => isTapped(mount) || mount.tier === 'proc');
      return trace.view(mount);
    },
  );
  app.post(
    '/api/mounts/:id/detach',
    { schema: { ...schema, summary: 'Listen to it no longer' } },
    async (request) => {
      const mount = find(request.params.id);
      attach.detach([mount.mount, ...mount.alsoAt]);
      kernel.tell();
      await settled(mount, () => !isTapped(mount));
      return trace.view(mount);
    },
  );

  /** The mount as the kernel knows it. */
  function find(id: number): MountRecord {
    const mount = trace.mounts.get(id);
    if (!mount)
      throw new CodedError('FUSESCOPE_NOT_FOUND', `there is no mount ${id}; GET /api/mounts lists them`);
    const found = mount.kind === 'kernel' ? mount : trace.mounts.inKernel(mount);
    if (found?.present) return found;
    throw new CodedError(
      'FUSESCOPE_CONFLICT',
      `${mount.mount} is not known as a mount of this machine, so there is nothing to listen to`,
    );
  }

  function settled(mount: MountRecord, done: () => boolean): Promise<void> {
    if (done()) return Promise.resolve();
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        trace.off('mount', look);
        resolve();
      };
      const look = (changed: MountRecord) => {
        if (changed === mount && done()) finish();
      };
      const timer = setTimeout(finish, WAIT_MS);
      trace.on('mount', look);
    });
  }
}
