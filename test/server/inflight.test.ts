// Which open requests the daemon has taken and which nobody has: asked of the kernel, through server and collector.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, it, test, vi } from 'vitest';
import { Questions } from '../../server/kernel/questions.ts';
import type { Mount } from '../../shared/mount.ts';
import type { OpenRequest } from '../../shared/open-request.ts';
import type { Span } from '../../shared/span.ts';
import { describeTap } from '../fuse/kernel/bpf.ts';
import { bindfs, type Daemon } from '../support/daemons.ts';
import { Workplace } from '../support/mirror.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

describeTap('open requests of a mount', () => {
  const place = new Workplace();
  let server: TestServer;
  let lower: Daemon;
  let upper: Daemon;

  beforeAll(async () => {
    lower = await bindfs(place, 'lower');
    // Its daemon works on the other mount, and hangs with it.
    upper = await bindfs(place, 'upper', [], lower.mountpoint);
    server = await startTestServer({ args: ['--attach', lower.mountpoint, '--attach', upper.mountpoint] });
    await until('both to be watched', async () => {
      const { items } = await server.get<{ items: Mount[] }>('/api/mounts');
      return [lower, upper].every((one) =>
        items.some(({ mount, tier }) => mount === one.mountpoint && tier === 'bpf'),
      );
    });
  });
  afterAll(async () => {
    lower.child.kill('SIGCONT');
    await server[Symbol.asyncDispose]();
    await upper.unmount();
    await lower.unmount();
    await place.clean();
  });

  it('are told with whether their daemon has taken them', async () => {
    lower.child.kill('SIGSTOP');
    const caller = spawn('stat', [`${upper.mountpoint}/name`], { stdio: 'ignore', cwd: '/' });
    try {
      const items = await until('an open request on each', async () => {
        const { items } = await server.get<{ items: { span: Span; picked: boolean | null }[] }>(
          '/api/inflight',
          { picked: 'true' },
        );
        const of = (daemon: Daemon) => items.find(({ span }) => span.mount === daemon.mountpoint);
        const [above, below] = [of(upper), of(lower)];
        return above && below ? { above, below } : null;
      });
      expect(items.above).toMatchObject({ picked: true, span: { pid: caller.pid, source: 'kernel' } });
      expect(items.below).toMatchObject({ picked: false, span: { pid: upper.pid, source: 'kernel' } });
      const plain = await server.get<{ items: object[] }>('/api/inflight');
      expect(plain.items[0]).not.toHaveProperty('picked');
    } finally {
      lower.child.kill('SIGCONT');
    }
    await once(caller, 'exit');
  });
});

const REQUEST: OpenRequest = {
  unique: 2,
  opcode: 1,
  nodeid: 1,
  pid: 3,
  tid: 3,
  comm: 'ls',
  path: '/a',
  picked: null,
  startUs: 5,
  older: false,
};

test('questions are answered by number, and not waited for longer than some seconds', async () => {
  vi.useFakeTimers();
  try {
    const sent: number[] = [];
    const questions = new Questions(({ ask }) => sent.push(ask));
    const [first, second, third, fourth] = [7, 8, 9, 10].map((connection) => questions.ask(connection));
    questions.take({ ask: sent[1] ?? 0, open: [REQUEST] });
    questions.take({ ask: sent[0] ?? 0, reason: 'not attached' });
    questions.take({ ask: 99, open: [] });
    await expect(second).resolves.toEqual([REQUEST]);
    await expect(first).rejects.toThrow('not attached');
    vi.advanceTimersByTime(3_000);
    await expect(third).rejects.toThrow('did not answer within 3 s');
    await expect(fourth).rejects.toThrow('did not answer');
    const last = questions.ask(11);
    questions.end('it has ended');
    await expect(last).rejects.toThrow('it has ended');
  } finally {
    vi.useRealTimers();
  }
});
