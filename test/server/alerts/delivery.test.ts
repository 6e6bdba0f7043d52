// Alerts from a real server to a real webhook, a real command and a real journal socket; and the file they come from.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { entryOf } from '../../../server/alerts/journal.ts';
import { Queue } from '../../../server/alerts/queue.ts';
import { sign } from '../../../server/alerts/webhook.ts';
import type { AlertMessage, Alerts, Delivery } from '../../../shared/alerts.ts';
import { describeWith } from '../../support/requires.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';
import { until } from '../../support/until.ts';
import { tempDir } from '../store/helpers.ts';

interface Hook {
  headers: IncomingHttpHeaders;
  body: string;
}

describe('alerts', () => {
  const dir = mkdtempSync(join(tmpdir(), 'fusescope-alerts-'));
  const file = join(dir, 'config.json');
  const heard: Hook[] = [];
  let answers: number[] = [];
  const hook = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      heard.push({ headers: request.headers, body });
      response.writeHead(answers.shift() ?? 204).end();
    });
  });
  let server: TestServer;
  let config: { alerts: object[] };

  beforeAll(async () => {
    await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
    const { port } = hook.address() as AddressInfo;
    writeFileSync(join(dir, 'secret'), 'between us\n');
    const script = join(dir, 'told.sh');
    writeFileSync(
      script,
      `#!/bin/sh\nprintf '%s %s ' "$1" "$FUSESCOPE_MOUNT" >> ${dir}/told\ncat >> ${dir}/told\n`,
      {
        mode: 0o755,
      },
    );
    config = {
      alerts: [
        {
          name: 'hook',
          mount: '/mnt/**',
          quiet: '100ms',
          webhook: { url: `http://127.0.0.1:${port}/x`, secretFile: join(dir, 'secret') },
        },
        { name: 'program', quiet: '100ms', command: [script, '; rm -rf $HOME'] },
      ],
    };
    writeFileSync(file, JSON.stringify(config));
    server = await startTestServer({ args: ['--config', file, '--tap', 'proc'] });
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    hook.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const alerts = () => server.get<Alerts>('/api/alerts');

  /** An operation that hangs until the returned function is called. */
  async function hang(id: number): Promise<() => Promise<void>> {
    const line = { mount: '/mnt/a b', id, op: 'lookup', path: '/x\ny', pid: 41, comm: 'ls' };
    const send = async (event: object) => {
      const answer = await server.post('/api/events', `${JSON.stringify({ ...line, ...event })}\n`);
      expect(answer.status).toBe(200);
    };
    await send({ ev: 'ENTER', ts: Date.now() * 1_000 });
    return () => send({ ev: 'EXIT', ts: Date.now() * 1_000, errno: 0 });
  }

  it('tell a webhook, signed, again where it failed; and a command, without a shell', async () => {
    answers = [500];
    const end = await hang(1);
    await until('the webhook to be told twice', () => heard.length >= 2);
    await end();
    const closed = await until('the webhook to be told the end', () =>
      heard.map(({ body }) => JSON.parse(body) as AlertMessage).find((one) => one.event === 'closed'),
    );
    const [first, second] = heard.map(({ body }) => JSON.parse(body) as AlertMessage);
    expect(second).toEqual(first);
    expect(first).toMatchObject({
      event: 'raised',
      mount: '/mnt/a b',
      stalls: 1,
      stall: { span: { path: '/x\ny' } },
    });
    expect(closed).toMatchObject({ id: first?.id, open: 0 });
    const { headers, body } = heard[1] as Hook;
    const at = String(headers['x-fusescope-timestamp']);
    expect(headers['x-fusescope-signature']).toBe(`sha256=${sign('between us', at, body)}`);
    const told = await until('the command to have run twice', () => {
      const lines = readOr(join(dir, 'told')).split('\n').filter(Boolean);
      return lines.length >= 2 ? lines : null;
    });
    expect(told[0]).toMatch(/^; rm -rf \$HOME \/mnt\/a b \{"v":1,.*"event":"raised"/);
    const { deliveries, channels, active } = await alerts();
    expect(deliveries.find((one) => one.kind === 'webhook' && one.event === 'raised')).toMatchObject({
      outcome: 'delivered',
      tries: 2,
    });
    expect(channels.map(({ rule, kind, target }) => [rule, kind, target])).toEqual([
      ['hook', 'webhook', expect.stringMatching(/^127\.0\.0\.1:/)],
      ['program', 'command', join(dir, 'told.sh')],
    ]);
    expect(active).toEqual([]);
  });

  it('are read again on SIGHUP; what is wrong is told, and the rules before stay', async () => {
    const { loadedUs } = (await alerts()).config;
    writeFileSync(file, '{\n "alerts": [{ "name": "x" }]\n}');
    server.child.kill('SIGHUP');
    const wrong = await until('the file to be refused', async () => {
      const now = await alerts();
      return now.config.error === null ? null : now;
    });
    expect(wrong.config.error).toContain(`${file}:2:13: alert "x" tells nobody`);
    expect(wrong.rules.map((one) => one.name)).toEqual(['hook', 'program']);
    writeFileSync(file, JSON.stringify({ alerts: config.alerts.slice(0, 1) }));
    server.child.kill('SIGHUP');
    const right = await until('the file to be taken', async () => {
      const now = await alerts();
      return now.config.loadedUs === loadedUs ? null : now;
    });
    expect(right.config.error).toBeNull();
    expect(right.rules.map((one) => one.name)).toEqual(['hook']);
  });

  it('refuse to start with a file that is wrong, and say where', async () => {
    const bad = join(dir, 'bad.json');
    writeFileSync(bad, '{"alerts": [{"name": "a", "journal": true, "after": 3}]}');
    const main = join(import.meta.dirname, '../../../server/cli/main.ts');
    const args = [main, 'serve', '--port', '0', '--db', ':memory:', '--config', bad];
    const ran = promisify(execFile)(process.execPath, [...args, '--socket', join(dir, 's')]);
    await expect(ran).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`${bad}:1:44: "alerts.0.after" must be string`),
    });
  });
});

describe('a channel', () => {
  it('lets the oldest go when too many wait, and counts it', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const told: Delivery[] = [];
    const queue = new Queue({
      rule: 'r',
      kind: 'webhook',
      target: 't',
      send: () => promise,
      told: (delivery) => told.push(delivery),
    });
    for (let i = 0; i < 120; i++) queue.add({ event: 'raised', text: `${i}` } as AlertMessage);
    expect(queue.view()).toMatchObject({ waiting: 100, dropped: 20 });
    expect(told.map((one) => one.text)).toEqual(Array.from({ length: 20 }, (_, i) => `${i + 1}`));
    resolve();
    await until('all to be delivered', () => queue.view().delivered === 100);
  });

  it('gives up after six tries, longer apart each time', async () => {
    const told: Delivery[] = [];
    let tries = 0;
    const queue = new Queue({
      rule: 'r',
      kind: 'webhook',
      target: 't',
      firstPauseMs: 1,
      send: async () => {
        tries++;
        throw new Error('no');
      },
      told: (delivery) => told.push(delivery),
    });
    queue.add({ event: 'raised', text: '' } as AlertMessage);
    await until('it to give up', () => told.length > 0);
    expect(told[0]).toMatchObject({ outcome: 'failed', tries: 6, error: 'no' });
    expect(tries).toBe(6);
  });
});

/** Listens where systemd's journal does, in a mount namespace of its own, and prints what one datagram brings. */
const RECEIVER = `
import os, socket, subprocess, sys
os.makedirs('/run/systemd/journal')
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind('/run/systemd/journal/socket')
s.settimeout(30)
subprocess.run(sys.argv[1:], check=True)
sys.stdout.buffer.write(s.recv(65536))
`;

describeWith(['root', 'unshare', 'logger', 'python3'], 'the journal', () => {
  it('gets one entry with a field for each fact', async () => {
    const folder = tempDir();
    const sender = join(folder, 'send.ts');
    const journal = join(import.meta.dirname, '../../../server/alerts/journal.ts');
    const launch = join(import.meta.dirname, '../../../server/launch/launch.ts');
    const message = {
      event: 'raised',
      text: 'ls waits\nFORGED=1',
      rule: 'r',
      mount: '/mnt/x',
      cause: null,
      stalls: 3,
      longestMs: 1_234.5,
      stall: { id: 7, span: { op: 'lookup', path: '/a\nPRIORITY=0', pid: 41, comm: 'ls' } },
    } as unknown as AlertMessage;
    writeFileSync(
      sender,
      `import { journal } from ${JSON.stringify(journal)};
       import { launchHere } from ${JSON.stringify(launch)};
       await journal(launchHere)(${JSON.stringify(message)}, new AbortController().signal);`,
    );
    writeFileSync(join(folder, 'receive.py'), RECEIVER);
    const words = ['python3', join(folder, 'receive.py'), process.execPath, sender];
    const script = 'mount -t tmpfs tmpfs /run && exec "$@"';
    const { stdout } = await promisify(execFile)('unshare', ['-m', 'sh', '-c', script, 'sh', ...words]);
    const fields = stdout.split('\n').filter(Boolean);
    expect(fields).toEqual(expect.arrayContaining(entryOf(message).split('\n').filter(Boolean)));
    expect(fields).toContain('MESSAGE=ls waits\\x0aFORGED=1');
    expect(fields).toContain('FUSESCOPE_PATH=/a\\x0aPRIORITY=0');
    expect(fields.filter((field) => field.startsWith('PRIORITY='))).toEqual(['PRIORITY=4']);
  });
});

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
