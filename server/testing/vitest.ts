// fusescope/testing/vitest: `test` with a fixture that captures mounts. With FUSE_TRACE=1 it starts a server for each test
// file, or uses the one of FUSESCOPE_SERVER; without, captures look carefully instead. A test that fails shows the last
// operations of what it captured.
import { test as base } from 'vitest';
import type { Capture } from './capture.ts';
import { captureByLooking, connectFuseScope, type FuseScope, startFuseScope } from './scope.ts';

export interface FuseScopeFixtures {
  /** The server of this file; null where FUSE_TRACE=1 is not set. */
  fusescope: FuseScope | null;
  /** Captures a mount until the test ends. */
  capture: (mountpoint: string) => Promise<Capture>;
}

declare module 'vitest' {
  interface TaskMeta {
    /** The last operations of each captured mount, as tables. */
    fusescope?: { mountpoint: string; report: string }[];
  }
}

export const test = base.extend<FuseScopeFixtures>({
  fusescope: [
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures this one needs.
    async ({}, use) => {
      if (process.env.FUSE_TRACE !== '1') return use(null);
      const scope = process.env.FUSESCOPE_SERVER ? await connectFuseScope() : await startFuseScope();
      await use(scope);
      await scope.stop();
    },
    { scope: 'file' },
  ],
  capture: async ({ fusescope, task }, use) => {
    const captures: Capture[] = [];
    await use(async (mountpoint) => {
      const capture = fusescope ? await fusescope.capture(mountpoint) : captureByLooking(mountpoint);
      captures.push(capture);
      return capture;
    });
    const traced = captures.filter((capture) => capture.traced);
    // What a failed test did last is heard before its table is made.
    if (task.result?.state === 'fail') await Promise.allSettled(traced.map((capture) => capture.settle()));
    task.meta.fusescope = traced.map((capture) => ({
      mountpoint: capture.mountpoint,
      report: capture.report(),
    }));
    for (const capture of captures) await capture.close();
  },
});
