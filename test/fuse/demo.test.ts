// The demo shows something of everything, holds one read until it is released, and leaves nothing behind.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { Hold } from '../../fuse/demo/hold.ts';
import { PLACES } from '../../fuse/demo/tree.ts';
import { readMountinfo } from '../../fuse/mountinfo.ts';
import type { FakeCounts } from '../support/fake-server.ts';
import { type Mirror, ready, run, Workplace } from '../support/mirror.ts';
import { describeWith } from '../support/requires.ts';
import { isAlive, until } from '../support/until.ts';

const MAIN = new URL('../../fuse/demo/main.ts', import.meta.url).pathname;
const FAKE = new URL('../support/fake-server.ts', import.meta.url).pathname;

const started: ChildProcess[] = [];
afterEach(async () => {
  for (const child of started.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGTERM');
    await new Promise((resolve) => child.once('close', resolve));
  }
});

async function demo(...args: string[]): Promise<Mirror> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  started.push(child);
  return ready(child);
}

const rootOf = (mirror: Mirror) => join(mirror.mountpoint, '..');
const isMounted = (mirror: Mirror) => readMountinfo().some((entry) => entry.mountpoint === mirror.mountpoint);

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/** Programs that have a file of the demo's mount in their arguments. */
function programsOn(mirror: Mirror): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && commandOf(pid).includes(`${mirror.mountpoint}/`));
}

/** True once a program has read the held file for longer than a read takes. */
async function hangs(mirror: Mirror): Promise<boolean> {
  const pid = programsOn(mirror).find((one) => commandOf(one).includes(PLACES.held));
  if (pid === undefined) return false;
  await new Promise((resolve) => setTimeout(resolve, 500));
  return commandOf(pid).includes(PLACES.held);
}

async function expectNothingLeft(mirror: Mirror): Promise<void> {
  await until('the mount to go away', () => !isMounted(mirror), 8000);
  await until('the folder to be removed', () => !existsSync(rootOf(mirror)));
  await until('the programs of the load to end', () => programsOn(mirror).length === 0);
}

it('a hold passes operations until one is due, holds that one, and passes the rest', () => {
  let nowMs = 0;
  const done: string[] = [];
  const hold = new Hold({ first: 100, again: 1000 }, () => nowMs);
  hold.release();
  hold.pass(() => done.push('early'));
  nowMs = 100;
  hold.pass(() => done.push('held'));
  hold.pass(() => done.push('beside'));
  expect(done).toEqual(['early', 'beside']);
  nowMs = 500;
  hold.release();
  hold.release();
  expect(done).toEqual(['early', 'beside', 'held']);
  nowMs = 1499;
  hold.pass(() => done.push('between'));
  nowMs = 1500;
  hold.pass(() => done.push('held again'));
  expect(done).toEqual(['early', 'beside', 'held', 'between']);
  hold.end();
  hold.pass(() => done.push('after the end'));
  expect(done.slice(4)).toEqual(['held again', 'after the end']);
});

describeWith(['fuse', 'fusermount'], 'the demo', () => {
  const place = new Workplace();
  const socket = join(place.dir, 'ingest.sock');
  let fake: ChildProcess;
  let answers: Interface;

  beforeAll(async () => {
    fake = spawn(process.execPath, [FAKE, socket], { stdio: ['pipe', 'pipe', 'inherit'] });
    answers = createInterface({ input: fake.stdout as NodeJS.ReadableStream });
    await new Promise((resolve) => answers.once('line', resolve));
  });
  afterAll(async () => {
    fake.stdin?.end();
    await place.clean();
  });

  function counts(): Promise<FakeCounts> {
    return new Promise((resolve) => {
      answers.once('line', (line) => resolve(JSON.parse(line) as FakeCounts));
      fake.stdin?.write('\n');
    });
  }

  it('shows all kinds of operations, and a read that hangs until released', { timeout: 60_000 }, async () => {
    const mirror = await demo('--socket', socket);
    const seen = new Set<string>();
    const ended = new Set<unknown>();
    const reads = new Set<unknown>();
    /** Reads of the held file that have not ended, as far as told so far. */
    const look = async () => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      for (const { kind, id, op, path, errno, durNs, comm } of (await counts()).latest) {
        if (kind === 1 && op === 'read' && path === PLACES.held) reads.add(id);
        if (kind !== 1) ended.add(id);
        if (kind !== 1) seen.add(errno ? `${op} ${errno}` : Number(durNs) > 40e6 ? `slow ${op}` : op);
        if (comm) seen.add(`by ${comm}`);
      }
      return [...reads].filter((id) => !ended.has(id));
    };
    const wanted = [
      ...['read', 'write', 'create', 'rename', 'readdir', 'unlink', 'symlink', 'open', 'getxattr'],
      ...['getattr 2', 'open 13', 'rmdir 39', 'slow read'],
      ...['by cat', 'by cp', 'by mv', 'by ls', 'by dd', 'by head', 'by grep'],
    ];
    let open: unknown[] = [];
    const all = async () => {
      open = await look();
      return open.length > 0 && wanted.every((what) => seen.has(what));
    };
    await until('all kinds of operations, and a held read', all, 40_000).catch((error: Error) => {
      throw new Error(`${error.message}; missing: ${wanted.filter((what) => !seen.has(what)).join(', ')}`);
    });
    expect(open).toHaveLength(1);

    mirror.child.stdin?.write('not JSON\n{"release":true}\n');
    await until('the released read to end', async () => (await look()).length === 0);

    const disk = await run('du', ['-sm', mirror.source]);
    expect(Number.parseInt(disk.stdout, 10)).toBeLessThan(64);
    mirror.child.kill('SIGTERM');
    expect(await mirror.ended).toMatchObject({ status: 0 });
    await expectNothingLeft(mirror);
    expect((await counts()).open).toBe(0);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('ends on %s while a read hangs', async (signal) => {
    const mirror = await demo();
    await until('the held read', () => hangs(mirror), 15_000);
    const from = performance.now();
    mirror.child.kill(signal);
    expect(await mirror.ended).toMatchObject({ status: 0 });
    expect(performance.now() - from).toBeLessThan(4000);
    await expectNothingLeft(mirror);
  });

  it('leaves nothing when it is killed', async () => {
    const mirror = await demo();
    await until('its programs to run', () => programsOn(mirror).length > 0);
    mirror.child.kill('SIGKILL');
    await mirror.ended;
    await expectNothingLeft(mirror);
  });

  it('ends with the process that started it', async () => {
    const script = `const { spawn } = require('node:child_process');
      spawn(process.execPath, [${JSON.stringify(MAIN)}, '--die-with-parent'], { stdio: ['pipe', 'inherit', 'inherit'] });`;
    const parent = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'pipe'] });
    started.push(parent);
    const mirror = await ready(parent);
    parent.kill('SIGKILL');
    await expectNothingLeft(mirror);
    expect(await isAlive(mirror.pid)).toBe(false);
  });

  it('clears what a demo left behind that was killed with all its processes', async () => {
    const mirror = await demo();
    const children = readFileSync(`/proc/${mirror.pid}/task/${mirror.pid}/children`, 'utf8').split(' ');
    const load = children.map(Number).find((pid) => pid > 0 && commandOf(pid).includes('workload'));
    process.kill(load as number, 'SIGKILL');
    mirror.child.kill('SIGKILL');
    await mirror.ended;
    expect(existsSync(rootOf(mirror))).toBe(true);
    await demo();
    expect(isMounted(mirror)).toBe(false);
    expect(existsSync(rootOf(mirror))).toBe(false);
  });
});
