// Tests of a mount that wait for its trace. FUSE_MOUNT names the mount; FUSE_TRACE=1 turns tracing on, without it the same
// waits look instead.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { test } from 'fusescope/testing/vitest';
import { expect } from 'vitest';

const mountpoint = process.env.FUSE_MOUNT ?? '';
const sh = (script: string) => promisify(execFile)('sh', ['-ec', script], { cwd: mountpoint });

test('a file that another process writes is waited for', async ({ capture }) => {
  const mount = await capture(mountpoint);
  void sh('echo done > answer');
  await mount.waitForFileVisible('/answer');
  expect((await sh('cat answer')).stdout).toBe('done\n');
});

test('a save replaces the file in one step', async ({ capture }) => {
  const mount = await capture(mountpoint);
  await sh('echo new > doc.tmp; mv doc.tmp doc');
  await mount.waitForFileVisible('/doc');
  if (!mount.traced) return;
  await mount.expectOperations(['write', { op: 'rename', path: '/doc.tmp' }]);
  await mount.expectNoStalls();
});

test.runIf(process.env.EXAMPLE_FAILS)('a failure explains itself', async ({ capture }) => {
  const mount = await capture(mountpoint);
  await sh('echo 1 > misspelt');
  await mount.waitForFileVisible('/spelt', { timeoutMs: 300 });
});
