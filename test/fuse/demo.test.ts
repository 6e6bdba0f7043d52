// The demo shows something of everything, holds one read until it is released, and leaves nothing behind.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it } from 'vitest';
import { readMountinfo } from '../../fuse/mountinfo.ts';
import type { FakeCounts } from '../support/fake-server.ts';
import { FakeServer } from '../support/ingest.ts';
import { type Mirror, ready, run, Workplace } from '../support/mirror.ts';
import { describeWith } from '../support/requires.ts';
import { isAlive, until } from '../support/until.ts';

const MAIN = new URL('../../fuse/demo/main.ts', import.meta.url).pathname;

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

/** Ids of reads that a rule holds, as far as the server was told. */
function heldReads({ latest }: FakeCounts): Set<unknown> {
  const open = new Set<unknown>();
  for (const { kind, id, args } of latest) {
    if (kind !== 1) open.delete(id);
    else if ((args as { fault?: string } | null)?.fault === 'held-photo') open.add(id);
  }
  return open;
}

/** Resolves when the read that hangs has begun. */
async function held(fake: FakeServer): Promise<void> {
  while (heldReads(await fake.next()).size === 0);
}

async function expectNothingLeft(mirror: Mirror): Promise<void> {
  await until('the mount to go away', () => !isMounted(mirror), 8000);
  await until('the folder to be removed', () => !existsSync(rootOf(mirror)));
  await until('the programs of the load to end', () => programsOn(mirror).length === 0);
}

describeWith(['fuse', 'fusermount'], 'the demo', () => {
  const place = new Workplace();
  const fakes: FakeServer[] = [];
  afterAll(async () => {
    for (const fake of fakes) await fake.kill();
    await place.clean();
  });

  /** A server of its own for a demo: ids of operations count in each demo anew. */
  async function served(): Promise<[FakeServer, Mirror]> {
    const socket = join(place.dir, `${fakes.length}.sock`);
    const fake = await FakeServer.start(socket);
    fakes.push(fake);
    return [fake, await demo('--socket', socket)];
  }

  it('shows all kinds of operations, and a read that hangs until released', { timeout: 60_000 }, async () => {
    const [fake, mirror] = await served();
    const seen = new Set<string>();
    const look = async () => {
      const counts = await fake.next();
      for (const { kind, op, errno, durNs, comm } of counts.latest) {
        if (kind !== 1) seen.add(errno ? `${op} ${errno}` : Number(durNs) > 40e6 ? `slow ${op}` : op);
        if (comm) seen.add(`by ${comm}`);
      }
      return heldReads(counts);
    };
    const wanted = [
      ...['read', 'write', 'create', 'rename', 'readdir', 'unlink', 'symlink', 'open', 'getxattr'],
      ...['getattr 2', 'open 13', 'rmdir 39', 'slow read'],
      ...['by cat', 'by cp', 'by mv', 'by ls', 'by dd', 'by head', 'by grep'],
    ];
    let open = new Set<unknown>();
    const all = async () => {
      open = await look();
      return open.size > 0 && wanted.every((what) => seen.has(what));
    };
    await until('all kinds of operations, and a held read', all, 40_000).catch((error: Error) => {
      throw new Error(`${error.message}; missing: ${wanted.filter((what) => !seen.has(what)).join(', ')}`);
    });
    expect(open.size).toBe(1);

    await fake.control({ do: 'release', id: null });
    await until('the released read to end', async () => (await look()).size === 0);

    const disk = await run('du', ['-sm', mirror.source]);
    expect(Number.parseInt(disk.stdout, 10)).toBeLessThan(64);
    mirror.child.kill('SIGTERM');
    expect(await mirror.ended).toMatchObject({ status: 0 });
    await expectNothingLeft(mirror);
    expect((await fake.counts()).open).toBe(0);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'ends on %s while a read hangs',
    { timeout: 30_000 },
    async (signal) => {
      const [fake, mirror] = await served();
      await held(fake);
      const from = performance.now();
      mirror.child.kill(signal);
      expect(await mirror.ended).toMatchObject({ status: 0 });
      expect(performance.now() - from).toBeLessThan(4000);
      await expectNothingLeft(mirror);
    },
  );

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
