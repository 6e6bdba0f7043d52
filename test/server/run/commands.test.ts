// `fusescope wait` and `fusescope run` as a shell uses them, on a real mount.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Capture, type FuseScope, startFuseScope } from '../../../server/testing/index.ts';
import { run } from '../../support/mirror.ts';
import { describeWith } from '../../support/requires.ts';

const MAIN = new URL('../../../server/cli/main.ts', import.meta.url).pathname;
const dir = mkdtempSync(join(tmpdir(), 'fusescope-test-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describeWith(['fuse'], 'with a traced mount', () => {
  let scope: FuseScope;
  let capture: Capture;
  const source = join(dir, 'source');
  const mount = join(dir, 'mount');

  const fusescope = (args: string[], cwd = dir) =>
    run(process.execPath, [MAIN, ...args], { cwd, env: { FUSESCOPE_SERVER: scope.server.url } });
  /** A command of a shell whose working directory is the mount. */
  const onMount = (script: string) => ['sh', '-ec', 'cd "$1"; eval "$2"', 'sh', mount, script];
  const summaryOf = (stdout: string) =>
    JSON.parse(stdout) as {
      operations: { op: string; count: number }[];
      verdicts: { name: string; ok: boolean }[];
    };

  beforeAll(async () => {
    mkdirSync(source);
    mkdirSync(mount);
    scope = await startFuseScope({ args: ['--attach', 'none', '--tap', 'proc'] });
    capture = await scope.mirror(source, mount);
  });
  afterAll(async () => {
    await capture?.close();
    await scope?.stop();
  });

  it('wait ends with 0 when it has seen, before or after it was started', async () => {
    await run('sh', ['-c', 'echo 1 > early; mkdir dir; setfattr -n user.t -v 1 early'], { cwd: mount });
    await capture.settle();
    const ended = await Promise.all([
      fusescope(['wait', 'mount-ready', mount]),
      fusescope(['wait', 'visible', `${mount}/early`, '--no-look']),
      fusescope(['wait', 'dir', `${mount}/dir`, '--no-look']),
      fusescope(['wait', 'idle', mount, '--timeout', '30s']),
      fusescope(['wait', 'op', mount, '--filter', 'op:mkdir path:/dir', '--since', '2020-01-01T00:00:00Z']),
    ]);
    for (const { status, stderr } of ended) expect(status, stderr).toBe(0);
    const late = fusescope(['wait', 'visible', `${mount}/late`, '--timeout', '30s', '--no-look']);
    await run('sh', ['-c', 'echo 1 > late'], { cwd: mount });
    expect(await late).toMatchObject({ status: 0 });
    const gone = fusescope(['wait', 'gone', `${mount}/late`, '--timeout', '30s', '--no-look']);
    await run('sh', ['-c', 'rm late'], { cwd: mount });
    expect(await gone).toMatchObject({ status: 0 });
  });

  it('wait ends with 124 and what was done instead', async () => {
    const ended = await fusescope(['wait', 'visible', `${mount}/never`, '--timeout', '300ms']);
    expect(ended.status).toBe(124);
    expect(ended.stderr).toContain(`fusescope: waited 300 ms in vain for ${mount}/never to be there`);
  });

  it('wait looks where there is no trace, and says so', async () => {
    writeFileSync(join(source, 'plain'), '');
    const ended = await fusescope(['wait', 'visible', join(source, 'plain')]);
    expect(ended.status).toBe(0);
    expect(ended.stderr).toContain('looking instead');
    const refused = await fusescope(['wait', 'op', source, '--filter', 'op:read']);
    expect(refused).toMatchObject({ status: 1 });
    expect(refused.stderr).toContain('traced mount');
    expect(await fusescope(['wait', 'visible', 'relative'])).toMatchObject({ status: 2 });
  });

  it('run passes output and status on, and says what was done', async () => {
    const script = 'echo hello > f; cat f; cat none 2>/dev/null || exit 7';
    const ended = await fusescope(['run', '--out', 'kept.ndjson', '--', ...onMount(script)]);
    expect(ended).toMatchObject({ status: 7, stdout: 'hello\n' });
    expect(ended.stderr).toMatch(/^write +1 /m);
    expect(ended.stderr).toContain('ENOENT');
    expect(ended.stderr).toContain('FAIL command: exit status 7');
    const kept = readFileSync(join(dir, 'kept.ndjson'), 'utf8');
    expect(kept).toContain('"/f"');
    expect(kept).not.toContain('fusescope-mark');
  });

  it('run holds a command to its budget, and keeps the trace where it fails', async () => {
    const budget = join(dir, 'budget.json');
    writeFileSync(
      budget,
      JSON.stringify({ version: 1, operations: { mkdir: { max: 1 } }, errors: ['ENOENT'] }),
    );
    const args = [
      'run',
      '--json',
      '--budget',
      budget,
      '--junit',
      'junit.xml',
      '--',
      ...onMount('mkdir b1 b2'),
    ];
    const ended = await fusescope(args);
    expect(ended.status).toBe(3);
    expect(summaryOf(ended.stdout).verdicts.filter(({ ok }) => !ok)).toMatchObject([{ name: 'mkdir count' }]);
    expect(readFileSync(join(dir, 'junit.xml'), 'utf8')).toContain('<failure message="2, allowed 1"/>');
    expect(readdirSync(dir).some((name) => /^fusescope-run-\d+\.ndjson$/.test(name))).toBe(true);
    writeFileSync(budget, '{"version":3}');
    expect(await fusescope(args)).toMatchObject({ status: 2 });
  });

  it('run writes a baseline and names what is more the next time', async () => {
    const baseline = join(dir, 'baseline.json');
    const once = ['run', '--filter', 'op:mkdir', '--baseline', baseline, '--', ...onMount('mkdir c1')];
    expect(await fusescope(once)).toMatchObject({ status: 0 });
    expect(existsSync(baseline)).toBe(true);
    const twice = ['run', '--filter', 'op:mkdir', '--baseline', baseline, '--', ...onMount('mkdir c2 c3')];
    const ended = await fusescope(twice);
    expect(ended.status).toBe(3);
    expect(ended.stderr).toContain('mkdir: 2 instead of 1');
  });

  it('run gives the status of a shell for what cannot be run, or was ended by a signal', async () => {
    const missing = await fusescope(['run', '--out', 'x.ndjson', '--', 'no-such-program']);
    expect(missing.status).toBe(127);
    expect(missing.stderr).toContain('cannot run no-such-program');
    const killed = await fusescope(['run', '--out', 'x.ndjson', '--', 'sh', '-c', 'kill -9 $$']);
    expect(killed.status).toBe(137);
  });

  it('run fails a command with 4 where an operation stalled', async () => {
    const hangs = `
      const server = process.env.FUSESCOPE_SERVER;
      const enter = { ev: 'ENTER', mount: '/mnt/slow', id: 1, op: 'mkdir', ts: Date.now() * 1000, path: '/d' };
      const headers = { 'content-type': 'application/x-ndjson' };
      await fetch(server + '/api/events', { method: 'POST', headers, body: JSON.stringify(enter) });
      for (let stalled = 0; stalled === 0; )
        stalled = (await (await fetch(server + '/api/stalls?state=open')).json()).items.length;`;
    const node = [process.execPath, '--input-type=module', '-e', hangs];
    const ended = await fusescope(['run', '--fail-on-stall', '--out', 'x.ndjson', '--', ...node]);
    expect(ended.status, ended.stderr).toBe(4);
    expect(ended.stderr).toContain('Stalled: mkdir /d');
  });
});

describeWith(['root', 'fuse', 'bindfs'], 'without a server', () => {
  it('run brings one of its own and listens to every mount', async () => {
    const source = join(dir, 'own-source');
    const mount = join(dir, 'own-mount');
    mkdirSync(source);
    mkdirSync(mount);
    await run('bindfs', [source, mount]);
    try {
      const { FUSESCOPE_SERVER: _none, ...env } = process.env as Record<string, string>;
      const args = [
        'run',
        '--json',
        '--filter',
        `mount:${mount}`,
        '--',
        'sh',
        '-c',
        'echo $FUSE_TRACE >&2; echo 1 > "$0/f"',
        mount,
      ];
      const ended = await run(process.execPath, [MAIN, ...args], {
        cwd: dir,
        env: { ...env, FUSESCOPE_SERVER: '' },
      });
      expect(ended.status, ended.stderr).toBe(0);
      expect(ended.stderr).toContain('1\n');
      expect(JSON.parse(ended.stdout)).toMatchObject({ lost: 0 });
      expect(ended.stdout).toMatch(/"op":"(create|open)","count":1/);
    } finally {
      await run('fusermount3', ['-u', mount]);
    }
  });
});
