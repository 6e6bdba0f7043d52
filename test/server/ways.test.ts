// Ways out of stalls on real mounts, through a real server and the command line: what is offered, what the preview says,
// and that it worked. Who hangs on a mount is always a child.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { mountAt } from '../../fuse/mountinfo.ts';
import type { Mount } from '../../shared/mount.ts';
import type { Action, Audit, Outcome, Preview, WayName } from '../../shared/ways.ts';
import { bindfs, type Daemon, provideFusectl, waitingOf } from '../support/daemons.ts';
import { Workplace } from '../support/mirror.ts';
import { describeWith } from '../support/requires.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { freeze, isAlive, until } from '../support/until.ts';

const CLI = join(import.meta.dirname, '../../server/cli/main.ts');
const place = new Workplace();
const children: ChildProcess[] = [];

/** A child that is ended with the test, whatever became of it. */
function child(program: string, ...args: string[]): ChildProcess {
  const started = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'], cwd: '/' });
  children.push(started);
  return started;
}

interface Ran {
  status: number;
  stdout: string;
  stderr: string;
}

function fusescope(server: TestServer, args: string[], input?: string): Promise<Ran> {
  return new Promise((resolve) => {
    const command = execFile(
      process.execPath,
      [CLI, ...args, '--server', server.url],
      (error, stdout, stderr) => resolve({ status: error ? Number(error.code ?? -1) : 0, stdout, stderr }),
    );
    command.stdin?.end(input ?? '');
  });
}

describeWith(['root', 'fuse', 'bindfs', 'fusermount'], 'a way out', () => {
  let server: TestServer;
  const daemons: Daemon[] = [];

  beforeAll(async () => {
    provideFusectl();
    server = await startTestServer({ args: ['--tap', 'proc'] });
  });

  afterEach(async () => {
    for (const { pid } of daemons) if (await isAlive(pid)) process.kill(pid, 'SIGCONT');
    for (const one of children.splice(0)) if (one.exitCode === null) one.kill('SIGKILL');
  });

  afterAll(async () => {
    for (const one of daemons) one.child.kill('SIGKILL');
    await server[Symbol.asyncDispose]();
    await place.clean();
  });

  /** A mount of its own, as the server knows it. */
  async function mounted(name: string): Promise<Daemon & { id: number }> {
    const daemon = await bindfs(place, name);
    daemons.push(daemon);
    writeFileSync(join(daemon.source, 'file'), 'content');
    const mount = await until('the server to know the mount and its daemon', async () => {
      const { items } = await server.get<{ items: Mount[] }>('/api/mounts');
      return items.find((one) => one.mount === daemon.mountpoint && one.daemon?.pid === daemon.pid);
    });
    return { ...daemon, id: mount.id };
  }

  /** Somebody who waits for a mount whose daemon is stopped. */
  async function stuck(daemon: Daemon): Promise<ChildProcess> {
    const script = 'cd "$1" && echo in && read go && exec stat missing';
    const one = child('sh', '-c', script, 'sh', daemon.mountpoint);
    await once(one.stdout ?? one, 'data');
    await freeze(daemon.pid);
    const before = waitingOf(daemon.connection);
    one.stdin?.write('\n');
    await until('somebody to wait', () => waitingOf(daemon.connection) > before);
    return one;
  }

  /** Somebody who has a file of the mount open. */
  async function holder(daemon: Daemon): Promise<ChildProcess> {
    const one = child(
      'sh',
      '-c',
      'exec 3< "$1"; echo open; exec sleep 600',
      'sh',
      join(daemon.mountpoint, 'file'),
    );
    await once(one.stdout ?? one, 'data');
    return one;
  }

  async function actions(id: number): Promise<Partial<Record<WayName, Action>>> {
    const { items } = await server.get<{ items: Action[] }>(`/api/mounts/${id}/actions`);
    return Object.fromEntries(items.map((one) => [one.action, one]));
  }

  async function post<T>(path: string, body: object): Promise<{ status: number; answer: T }> {
    const response = await server.post(path, body);
    return { status: response.status, answer: (await response.json()) as T };
  }

  it('says of a healthy mount what does not apply, and why', async () => {
    const { id, mountpoint } = await mounted('healthy');
    const { abort, unmount, continue: resume, signal, release } = await actions(id);
    expect(abort).toMatchObject({
      applies: true,
      permitted: true,
      command: `fusescope abort ${mountpoint}`,
      manual: expect.stringMatching(/^echo 1 \| sudo tee \/sys\/fs\/fuse\/connections\/\d+\/abort$/),
    });
    expect(resume).toMatchObject({
      applies: false,
      effect: 'Not offered: no process of the daemon is stopped.',
    });
    expect(unmount).toMatchObject({ applies: false, effect: expect.stringContaining('its daemon is alive') });
    expect(signal).toMatchObject({ applies: false, effect: expect.stringContaining('no process is known') });
    expect(release).toMatchObject({ applies: false, effect: expect.stringContaining('no injected fault') });
    const refused = await post<{ code: string; message: string }>(`/api/mounts/${id}/preview`, {
      action: 'unmount',
    });
    expect(refused).toMatchObject({ status: 409, answer: { code: 'FUSESCOPE_CONFLICT' } });
  });

  it('does nothing without the token of a preview of the same action', async () => {
    const { id, pid, connection } = await mounted('token');
    await freeze(pid);
    const preview = await post<Preview>(`/api/mounts/${id}/preview`, { action: 'continue' });
    const { token } = preview.answer;
    const made = await post<{ code: string }>(`/api/mounts/${id}/continue`, { token: 'x'.repeat(24) });
    const other = await post<{ code: string }>(`/api/mounts/${id}/abort`, { token });
    const again = await post<{ code: string }>(`/api/mounts/${id}/continue`, { token });
    for (const { status, answer } of [made, other, again])
      expect({ status, code: answer.code }).toEqual({ status: 409, code: 'FUSESCOPE_CONFLICT' });
    expect(waitingOf(connection)).toBe(0);
    expect((await actions(id)).continue).toMatchObject({ applies: true, targets: [{ pid, comm: 'bindfs' }] });
  });

  it('continues a daemon that was stopped, and sees that it is answered', async () => {
    const daemon = await mounted('stopped');
    const waiter = await stuck(daemon);
    const ended = once(waiter, 'exit');
    const ran = await fusescope(server, ['continue', daemon.mountpoint], 'yes\n');
    expect(ran).toMatchObject({ status: 0, stdout: expect.stringContaining(`bindfs ${daemon.pid} goes on`) });
    expect(ran.stdout).toContain('runs again');
    await ended;
    const { items } = await server.get<{ items: Audit[] }>('/api/audit');
    expect(items[0]).toMatchObject({
      action: 'continue',
      mount: daemon.mountpoint,
      target: `bindfs ${daemon.pid}`,
      uid: 0,
      via: 'cli',
      outcome: 'done',
    });
    const listed = await fusescope(server, ['audit']);
    expect(listed.stdout).toContain(daemon.mountpoint);
  });

  it('asks first, and takes anything but yes for no', async () => {
    const daemon = await mounted('asked');
    await freeze(daemon.pid);
    const ran = await fusescope(server, ['continue', daemon.mountpoint], 'no\n');
    expect(ran).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('nothing was done (not confirmed)'),
    });
    expect((await actions(daemon.id)).continue?.applies).toBe(true);
  });

  it('aborts a connection: names who is hit, frees them, tells who holds it, and unmounts what is left', async () => {
    const daemon = await mounted('aborted');
    const open = await holder(daemon);
    const waiter = await stuck(daemon);
    const freed = once(waiter, 'exit');
    const { answer: preview } = await post<Preview>(`/api/mounts/${daemon.id}/preview`, { action: 'abort' });
    expect(preview.operationCount).toBeGreaterThan(0);
    expect(preview.holders).toContainEqual({
      pid: open.pid,
      comm: 'sleep',
      fileCount: 1,
      files: [{ fd: '3', path: join(daemon.mountpoint, 'file') }],
    });
    const ran = await fusescope(server, ['abort', daemon.mountpoint, '--yes']);
    expect(ran).toMatchObject({ status: 0, stdout: expect.stringContaining(`sleep ${open.pid}`) });
    await freed;
    expect(waitingOf(daemon.connection)).toBe(0);
    process.kill(daemon.pid, 'SIGCONT');
    const unmounted = await fusescope(server, ['unmount', daemon.mountpoint, '--yes', '--json']);
    const outcome = JSON.parse(unmounted.stdout.trim().split('\n').at(-1) ?? '') as Outcome;
    expect(outcome).toMatchObject({
      audit: { outcome: 'done' },
      holders: [expect.objectContaining({ pid: open.pid })],
    });
    expect(mountAt(daemon.mountpoint)).toBeNull();
  });

  it('unmounts a dead mount, and leaves a mount alone that took its place', async () => {
    const daemon = await mounted('dead');
    daemon.child.kill('SIGKILL');
    await once(daemon.child, 'exit');
    await until('the server to know', async () => (await actions(daemon.id)).unmount?.applies);
    const { answer } = await post<Preview>(`/api/mounts/${daemon.id}/preview`, { action: 'unmount' });
    const ran = await fusescope(server, ['unmount', daemon.mountpoint, '--yes']);
    expect(ran).toMatchObject({ status: 0, stdout: expect.stringContaining('unmounted') });
    expect(mountAt(daemon.mountpoint)).toBeNull();
    const late = await post<Outcome>(`/api/mounts/${daemon.id}/unmount`, { token: answer.token });
    expect(late.answer.audit).toMatchObject({
      outcome: 'failed',
      text: expect.stringContaining('not mounted any more'),
    });
  });

  it('signals a caller that waits, and says where it cannot end', async () => {
    const daemon = await mounted('signalled');
    const waiter = await stuck(daemon);
    const target = await until('the caller to be known', async () =>
      (await actions(daemon.id)).signal?.targets.find((one) => one.pid === waiter.pid),
    );
    expect(target.comm).toBe('stat');
    const wrong = await fusescope(server, ['signal', daemon.mountpoint, String(process.pid), '--yes']);
    expect(wrong).toMatchObject({ status: 1, stderr: expect.stringContaining('is none of its targets') });
    const ended = once(waiter, 'exit');
    const ran = await fusescope(server, [
      'signal',
      daemon.mountpoint,
      String(waiter.pid),
      '--signal',
      'SIGKILL',
      '--yes',
    ]);
    expect(ran).toMatchObject({ status: 0, stdout: expect.stringContaining('has ended') });
    await ended;
  });
});
