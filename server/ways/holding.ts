// What FuseScope itself holds back: the demo's operation. Whoever asks for a way out of a mount is offered its release.
import type { MirrorManager } from '../mirrors/manager.ts';
import type { MountRecord } from '../mounts/registry.ts';
import type { Trace } from '../trace.ts';
import type { Holding } from './situation.ts';

export function holdingOf(mirrors: MirrorManager, trace: Trace): Holding {
  const demoOf = (mount: MountRecord) => {
    const { demo } = mirrors;
    return demo?.mountpoint === mount.mount ? demo : null;
  };
  return {
    held(mount) {
      if (demoOf(mount) === null || trace.stalls.openOf(mount.id) === 0) return null;
      return 'The demo holds one operation back until it is released.';
    },
    async release(mount) {
      const demo = demoOf(mount);
      if (demo) mirrors.release(demo.id);
    },
  };
}
