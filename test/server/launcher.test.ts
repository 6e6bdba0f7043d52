// Processes that another process starts for us: pipes, ends, failures, and what becomes of them when it dies.
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Launched, launchHere, type Stdio } from '../../server/launch/launch.ts';
import { Launcher } from '../../server/launch/launcher.ts';
import { isAlive, until } from '../support/until.ts';
import { childrenOf } from '../support/watched.ts';

const PIPES: Stdio = ['pipe', 'pipe', 'pipe'];

describe('the launcher', () => {
  let launcher: Launcher;
  let own: number;
  beforeAll(async () => {
    const before = new Set(childrenOf(process.pid));
    launcher = await Launcher.start();
    own = childrenOf(process.pid).find((pid) => !before.has(pid)) ?? 0;
  });
  afterAll(() => launcher.close());

  const shell = (script: string, stdio = PIPES) => launcher.launch('sh', ['-c', script], { stdio });
  const closed = async (child: Launched) =>
    (await once(child as unknown as NodeJS.EventEmitter, 'close')) as [number | null, string | null];

  it('connects its pipes, in / and with our environment, and says how it ended', async () => {
    const child = shell('read line; echo "$line $PWD $HOME"; echo no >&2; exit 3');
    child.stdin?.end('hello\n');
    const ended = closed(child);
    expect(await Promise.all([text(child.stdout as never), text(child.stderr as never)])).toEqual([
      `hello / ${process.env.HOME}\n`,
      'no\n',
    ]);
    expect(await ended).toEqual([3, null]);
    expect([child.exitCode, child.signalCode]).toEqual([3, null]);
  });

  it('gives it the environment that is asked for, and no way to talk to the launcher', async () => {
    const child = launcher.launch('env', [], { stdio: ['ignore', 'pipe', 'ignore'], env: { A: 'b' } });
    expect(await text(child.stdout as never)).toBe('A=b\n');
    // One that this process starts has what whoever started us has left open.
    const list = 'ls /proc/self/fd';
    const files = shell(list, ['ignore', 'pipe', 'ignore']);
    const ours = launchHere('sh', ['-c', list], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [theirs, known] = await Promise.all([text(files.stdout as never), text(ours.stdout as never)]);
    expect(theirs).toBe(known);
  });

  it('passes 50 MB on without loss, no faster than they are read', async () => {
    const child = shell('cat');
    const chunk = Buffer.alloc(1_000_000, 'x');
    let sent = 0;
    let waits = 0;
    let got = 0;
    const feed = (async () => {
      for (; sent < 50; sent++) {
        if (child.stdin?.write(chunk)) continue;
        waits++;
        await once(child.stdin as never, 'drain');
      }
      child.stdin?.end();
    })();
    await until('it to be held up', () => waits > 0);
    const early = sent;
    for await (const piece of child.stdout as AsyncIterable<Buffer>) got += piece.length;
    await feed;
    expect(early).toBeLessThan(50);
    expect(got).toBe(50_000_000);
  });

  it('loses nothing of a process that ends at once', async () => {
    const ends = await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        const child = shell(`echo ${i}`, ['ignore', 'pipe', 'ignore']);
        const ended = closed(child);
        return [await text(child.stdout as never), ...(await ended)];
      }),
    );
    expect(ends).toEqual(Array.from({ length: 40 }, (_, i) => [`${i}\n`, 0, null]));
  });

  it('says what is not there, and kills', async () => {
    const none = launcher.launch('/no/such', [], { stdio: PIPES });
    const [error] = await once(none as unknown as NodeJS.EventEmitter, 'error');
    expect(error).toMatchObject({ code: 'ENOENT', message: expect.stringContaining('/no/such') });

    const child = shell('echo up; exec sleep 1000');
    await once(child.stdout as never, 'data');
    child.stderr?.resume();
    // Who reads what it says knows who says it.
    expect(child.pid).toBeGreaterThan(0);
    expect(await isAlive(child.pid ?? 0)).toBe(true);
    const ended = closed(child);
    child.kill('SIGTERM');
    expect(await ended).toEqual([null, 'SIGTERM']);
    expect(await isAlive(child.pid ?? 0)).toBe(false);
  });

  it('takes no pipe from anybody else', async () => {
    const path = `\0${/@(fusescope-\d+-[0-9a-f]+)/.exec(await sockets())?.[1]}`;
    for (const head of [`${'0'.repeat(32)} 0\n`, 'what is this, and where does it come from?']) {
      const stranger = connect(path);
      stranger.write(head);
      stranger.resume();
      await once(stranger, 'close');
    }
    expect(await text(shell('echo on', ['ignore', 'pipe', 'ignore']).stdout as never)).toBe('on\n');
  });

  it('is replaced when it dies; what it had started is said to have ended', async () => {
    const child = shell('cat; exit 5');
    child.stdout?.resume();
    child.stderr?.resume();
    await until('it to run', () => child.pid);
    const ended = closed(child);
    process.kill(own, 'SIGKILL');
    expect(await ended).toEqual([null, 'SIGKILL']);
    // Its input has ended.
    await until('it to be gone', async () => !(await isAlive(child.pid ?? 0)));
    expect(await text(shell('echo again', ['ignore', 'pipe', 'ignore']).stdout as never)).toBe('again\n');
  });

  it('ends when it is closed, and starts nothing any more', async () => {
    const other = await Launcher.start();
    const before = childrenOf(process.pid).at(-1) ?? 0;
    await other.close();
    expect(await isAlive(before)).toBe(false);
    const late = other.launch('true', [], { stdio: PIPES });
    const [error] = await once(late as unknown as NodeJS.EventEmitter, 'error');
    expect(error).toMatchObject({ message: 'the server ends' });
  });
});

const sockets = () => import('node:fs/promises').then(({ readFile }) => readFile('/proc/net/unix', 'utf8'));
