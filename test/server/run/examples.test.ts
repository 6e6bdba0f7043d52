// The integrations with test runners really run: vitest with our fixture and reporter, pytest with our plug-in.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Capture, type FuseScope, startFuseScope } from '../../../server/testing/index.ts';
import { run } from '../../support/mirror.ts';
import { describeWith } from '../../support/requires.ts';

const root = new URL('../../..', import.meta.url).pathname;
const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/examples/vitest/vitest.config.ts'];
const dir = mkdtempSync(join(tmpdir(), 'fusescope-test-'));
const mount = join(dir, 'mount');
let scope: FuseScope;
let capture: Capture;

/** The environment of an example, without what this run of vitest has put there. */
function env(more: Record<string, string>): Record<string, string> {
  const { VITEST: _vitest, CI: _ci, FUSE_TRACE: _trace, ...rest } = process.env as Record<string, string>;
  return { ...rest, FUSE_MOUNT: mount, NO_COLOR: '1', VITEST: '', CI: '', FUSE_TRACE: '', ...more };
}
const traced = () => ({ FUSE_TRACE: '1', FUSESCOPE_SERVER: scope.server.url });

beforeAll(async () => {
  mkdirSync(join(dir, 'source'));
  mkdirSync(mount);
  scope = await startFuseScope({ args: ['--attach', 'none', '--tap', 'proc'] });
  capture = await scope.mirror(join(dir, 'source'), mount);
});
afterAll(async () => {
  await capture?.close();
  await scope?.stop();
  rmSync(dir, { recursive: true, force: true });
});

describeWith(['fuse'], 'vitest', () => {
  it('passes with the trace, and without', async () => {
    for (const how of [traced(), {}]) {
      const ended = await run(process.execPath, vitest, { cwd: root, env: env(how) });
      expect(ended.status, ended.stdout + ended.stderr).toBe(0);
      expect(ended.stdout).toContain('2 passed');
    }
  });

  it('shows below a failed test the last operations on its mount', async () => {
    const ended = await run(process.execPath, vitest, {
      cwd: root,
      env: env({ ...traced(), EXAMPLE_FAILS: '1' }),
    });
    expect(ended.status).toBe(1);
    expect(ended.stdout).toContain(`a failure explains itself: last operations on ${mount}`);
    expect(ended.stdout).toMatch(/write .*\/misspelt/);
  });
});

describeWith(['fuse', 'pytest-3'], 'pytest', () => {
  const pytest = (how: Record<string, string>) =>
    run('pytest-3', ['-p', 'fusescope_pytest', '-p', 'no:cacheprovider', '.'], {
      cwd: join(root, 'test/examples/pytest'),
      env: env({
        ...how,
        PYTHONPATH: join(root, 'test/examples/pytest'),
        PYTHONDONTWRITEBYTECODE: '1',
        FUSESCOPE_COMMAND: `${process.execPath} ${join(root, 'server/cli/main.ts')}`,
      }),
    });

  it('passes with the trace, and looks without', async () => {
    const ended = await pytest(traced());
    expect(ended.status, ended.stdout + ended.stderr).toBe(0);
    expect(ended.stdout).toContain('2 passed, 1 skipped');
    const looking = await pytest({});
    expect(looking.status, looking.stdout + looking.stderr).toBe(0);
    expect(looking.stdout).toContain('1 passed, 2 skipped');
  });

  it('shows with a failed test the last operations', async () => {
    const ended = await pytest({ ...traced(), EXAMPLE_FAILS: '1' });
    expect(ended.status).toBe(1);
    expect(ended.stdout).toContain('FuseScope: last operations');
    expect(ended.stdout).toMatch(/write .*\/misspelt/);
    expect(ended.stdout).toContain('waited 300 ms in vain');
  });
});
