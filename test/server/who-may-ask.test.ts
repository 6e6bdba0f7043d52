// Who the server answers: no other web page, name, address or user, unless with the token.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectLive } from '../support/live.ts';
import { describeWith } from '../support/requires.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

describe('who may ask', () => {
  it('is nobody from another web page or under another name', async () => {
    const status = async (headers: Record<string, string>) => {
      // fetch sets Host itself, so the request is written by hand.
      const { port } = new URL(server.url);
      const socket = net.connect(Number(port), '127.0.0.1');
      const head = Object.entries({ Host: `127.0.0.1:${port}`, Connection: 'close', ...headers });
      socket.write(
        `GET /api/health HTTP/1.1\r\n${head.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
      );
      const [data] = (await once(socket, 'data')) as [Buffer];
      socket.destroy();
      return Number(/^HTTP\/1.1 (\d+)/.exec(data.toString())?.[1]);
    };
    expect(await status({})).toBe(200);
    expect(await status({ Host: 'evil.example' })).toBe(403);
    expect(await status({ Origin: 'http://evil.example' })).toBe(403);
    expect(await status({ Origin: `http://127.0.0.1:${new URL(server.url).port}` })).toBe(200);
    await expect(connectLive(server.url, {}, { origin: 'http://evil.example' })).rejects.toThrow(/403/);
  });

  it('other addresses need a token', async () => {
    await expect(startTestServer({ args: ['--host', '0.0.0.0'] })).rejects.toThrow(/a token is needed/);
  });
});

describeWith(['root'], 'who may ask, of the local users,', () => {
  it('is not another one, unless with the token', async () => {
    const ask = async (url: string, uid: number) => {
      const code = `fetch(${JSON.stringify(url)}).then(async (r) => console.log(r.status, (await r.text()).slice(0, 100)))`;
      const child = spawn(process.execPath, ['-e', code], {
        uid,
        gid: uid,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [out] = (await once(child.stdout, 'data')) as [Buffer];
      return out.toString();
    };
    expect(await ask(`${server.url}/api/health`, 65_534)).toMatch(/^403 .*FUSESCOPE_FORBIDDEN/);
    await using guarded = await startTestServer({ args: ['--token', 'sesame'] });
    expect(await ask(`${guarded.url}/api/health`, 65_534)).toMatch(/^401/);
    expect(await ask(`${guarded.url}/api/health?token=sesame`, 65_534)).toMatch(/^200/);
    const opened = await fetch(`${guarded.url}/api/health?token=sesame`);
    const cookie = opened.headers.get('set-cookie')?.split(';')[0] ?? '';
    expect((await fetch(`${guarded.url}/api/health`, { headers: { cookie } })).status).toBe(200);
    expect(
      (await fetch(`${guarded.url}/api/health`, { headers: { authorization: 'Bearer wrong' } })).status,
    ).toBe(401);
  });
});
