// What a mirror tells the server: every operation with its arguments, caller and result; and that whatever becomes of
// the server, the operations give what they give without one.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { traceName } from '../../fuse/mirror/names.ts';
import type { FakeCounts } from '../support/fake-server.ts';
import { FakeServer } from '../support/ingest.ts';
import { bash, type Mirror, run, Workplace } from '../support/mirror.ts';
import { describeWith } from '../support/requires.ts';
import { freeze, until } from '../support/until.ts';

const STEPS = new URL('../support/fs-steps.ts', import.meta.url).pathname;
const place = new Workplace();
afterAll(() => place.clean());

type Told = FakeCounts['latest'][number];

describeWith(['root', 'fuse'], 'the trace of a mirror', () => {
  const socket = join(place.dir, 'ingest.sock');
  let server: FakeServer;
  let mirror: Mirror;
  let events: Told[] = [];
  let stderr = '';

  beforeAll(async () => {
    server = await FakeServer.start(socket);
    mirror = await place.mirror(place.make('source'), place.make('mount'), [
      '--socket',
      socket,
      '--allow-other',
    ]);
    await bash(`chmod 777 ${mirror.mountpoint}; chmod 755 ${place.dir}`, '/');
    const done = await bash(
      `printf hello > f; cat f; mv f g; ln g h; ln -s /else/where l; readlink l; mkdir -m 750 d; cat none || true
       truncate -s 3 g; chmod 640 g; chown 12:34 g; touch -d @1000000000.5 g; touch -a g; df . > /dev/null; ls d
       setfattr -n user.x -v abc g; getfattr -n user.x g > /dev/null; getfattr -n 'user.q"\\tü' g 2>/dev/null || true; setfattr -x user.x g; sync g
       mkfifo p; fallocate -l 10 a; rmdir d; printf x > 'back\\slash'; printf x > $'bad\\xff'; printf x > 'ü'
       setpriv --reuid 1000 --regid 1001 --clear-groups bash -c 'printf mine > theirs; cat g || true'; rm g`,
      mirror.mountpoint,
    );
    stderr = done.stderr;
    mirror.child.kill('SIGTERM');
    await mirror.ended;
    events = (
      await until('the goodbye', async () => {
        const counts = await server.counts();
        return counts.byes === 1 ? counts : null;
      })
    ).latest;
  });
  afterAll(() => server.kill());

  const find = (op: string, path: string, test: (told: Told) => boolean = () => true) =>
    events.find((told) => told.op === op && told.path === path && told.kind !== 1 && test(told));

  it('comes from a workload that did what it should', () => {
    expect(stderr.trimEnd().split('\n')).toEqual([
      'cat: none: No such file or directory',
      'cat: g: Permission denied',
    ]);
  });

  it('greets with who and what is mounted', async () => {
    const { hellos, mounts } = await server.counts();
    expect(hellos).toEqual([
      expect.objectContaining({ v: 1, kind: 'mirror', pid: mirror.pid, comm: 'fusescope' }),
    ]);
    expect(mounts).toEqual([
      expect.objectContaining({
        index: 0,
        mount: mirror.mountpoint,
        source: mirror.source,
        fsType: 'fuse.fusescope',
        tier: 'mirror',
        connection: (mirror as Mirror & { connection: number }).connection,
      }),
    ]);
  });

  it.each([
    ['create', '/f', { errno: 0, args: { mode: 0o100644 } }],
    ['write', '/f', { errno: 0, offset: 0, size: 5, bytes: 5 }],
    ['read', '/f', { errno: 0, offset: 0, bytes: 5 }],
    ['open', '/f', { errno: 0 }],
    ['flush', '/f', { errno: 0 }],
    ['release', '/f', { errno: 0, pid: 0 }],
    ['rename', '/f', { errno: 0, newPath: '/g' }],
    ['link', '/g', { errno: 0, newPath: '/h' }],
    ['symlink', '/l', { errno: 0, args: { target: '/else/where' } }],
    ['readlink', '/l', { errno: 0 }],
    ['mkdir', '/d', { errno: 0, args: { mode: 0o750 } }],
    ['opendir', '/d', { errno: 0 }],
    ['readdir', '/d', { errno: 0 }],
    ['releasedir', '/d', { errno: 0 }],
    ['getattr', '/none', { errno: 2, comm: 'cat' }],
    ['truncate', '/g', { errno: 0, size: 3 }],
    ['chmod', '/g', { errno: 0, args: { mode: 0o100640 } }],
    ['chown', '/g', { errno: 0, args: { uid: 12, gid: 34 } }],
    ['utimens', '/g', { errno: 0, args: { atimeMs: 1000000000500, mtimeMs: 1000000000500 } }],
    ['statfs', '/', { errno: 0 }],
    ['setxattr', '/g', { errno: 0, size: 3, args: { name: 'user.x', flags: 0 } }],
    ['getxattr', '/g', { errno: 0, args: { name: 'user.x' }, bytes: 3 }],
    ['removexattr', '/g', { errno: 0, args: { name: 'user.x' } }],
    ['fsync', '/g', { errno: 0, args: { dataOnly: false } }],
    ['mknod', '/p', { errno: 0, args: { mode: 0o10644 } }],
    ['fallocate', '/a', { errno: 0, offset: 0, size: 10 }],
    ['rmdir', '/d', { errno: 0 }],
    ['unlink', '/g', { errno: 0 }],
    ['create', '/back\\\\slash', { errno: 0 }],
    ['create', '/bad\\xff', { errno: 0 }],
    ['create', '/ü', { errno: 0 }],
    ['create', '/theirs', { errno: 0, uid: 1000, gid: 1001, comm: 'bash' }],
  ])('has %s %s with %j', (op, path, expected) => {
    const { args, ...rest } = expected as Partial<Told> & { args?: object };
    const told = find(op, path, (one) => Object.entries(rest).every(([key, value]) => one[key] === value));
    expect(told, `${op} ${path}`).toBeDefined();
    if (args) expect(told?.args).toMatchObject(args);
  });

  it('has the name of an attribute, whatever is in it', () => {
    const names = events.map(({ op, args }) => op === 'getxattr' && (args as { name?: string }).name);
    expect(names).toContain('user.q"\\\\tü');
  });

  it('leaves a time alone and says so', () => {
    expect(
      find('utimens', '/g', ({ args }) => (args as { mtimeMs?: unknown })?.mtimeMs === 'omit'),
    ).toMatchObject({
      args: { atimeMs: 'now', mtimeMs: 'omit' },
    });
  });

  it('names the caller by process, with times that fit together', () => {
    for (const told of events) {
      if (told.kind !== 1) expect(told.durNs).toBeGreaterThanOrEqual(0);
      expect(Math.abs(Number(told.tsUs) / 1000 - Date.now())).toBeLessThan(60_000);
      if (told.pid !== 0) expect(told.comm).not.toBe('');
    }
    expect(find('init', null as never)).toMatchObject({ pid: 0 });
  });
});

describeWith(['root', 'fuse'], 'a mirror whose server is stopped, killed and started again', () => {
  it('answers every operation as a plain directory does, and accounts for every event', async () => {
    const socket = join(place.dir, 'rough.sock');
    const seqFile = join(place.dir, 'rough.json');
    let server = await FakeServer.start(socket, seqFile);
    const mirror = await place.mirror(place.make('rough-source'), place.make('rough-mount'), [
      '--socket',
      socket,
    ]);
    const plain = place.make('rough-plain');
    for (const dir of [mirror.source, plain]) {
      await bash(`mkdir many; cd many; seq -f 'entry-%.0f' 0 499 | xargs touch`, dir);
    }
    const workload = async (dir: string, name: string) => {
      await bash(`mkdir ${name}; ln -s ../many ${name}/many`, dir);
      return (await run(process.execPath, [STEPS], { cwd: join(dir, name) })).stdout;
    };
    const expected = JSON.parse(await workload(plain, 'once'));
    let rounds = 0;
    let over = false;
    const load = (async () => {
      while (!over)
        expect(JSON.parse(await workload(mirror.mountpoint, `round-${++rounds}`))).toEqual(expected);
    })();
    const more = async (count: number) => {
      const target = rounds + count;
      await Promise.race([load, until('more rounds', () => rounds >= target, 20_000)]);
    };
    await more(1);
    server.child.kill('SIGSTOP');
    await more(2);
    server.child.kill('SIGCONT');
    await more(1);
    await server.kill();
    await more(2);
    server = await FakeServer.start(socket, seqFile);
    await more(1);
    await until('the mirror to come back', async () => (await server.counts()).hellos.length === 1);
    over = true;
    await load;
    mirror.child.kill('SIGTERM');
    expect(await mirror.ended).toMatchObject({ status: 0, stderr: '' });
    const counts = await until('the goodbye', async () => {
      const now = await server.counts();
      return now.byes === 1 ? now : null;
    });
    expect(counts.missing).toBe(0);
    await server.kill();
  }, 60_000);
});

describeWith(['root', 'fuse'], 'the fast way of a mirror', () => {
  it('tells names of any bytes as the rest of the mirror does', async () => {
    const socket = join(place.dir, 'names.sock');
    const server = await FakeServer.start(socket);
    const mirror = await place.mirror(place.make('names-source'), place.make('names-mount'), [
      '--socket',
      socket,
    ]);
    const awkward = [
      0x22, 0x5c, 0x0a, 0x7f, 0x80, 0xbf, 0xc1, 0xc3, 0xa9, 0xe0, 0xa0, 0xed, 0xef, 0xf0, 0x9f, 0xf4, 0xf5,
    ];
    const byte = fc.oneof(
      fc.constantFrom(...awkward),
      fc.integer({ min: 1, max: 255 }).filter((value) => value !== 0x2f),
    );
    const characters = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 20 })
      .map((text) => [...Buffer.from(text)]);
    const name = fc
      .oneof(fc.array(byte, { minLength: 1, maxLength: 60 }), characters)
      .map((bytes) => Buffer.from(bytes.filter((value) => value !== 0 && value !== 0x2f)))
      .filter((bytes) => bytes.length > 0 && bytes.length < 256 && !/^\.\.?$/.test(bytes.toString('latin1')));
    const names = fc.sample(name, 400);
    const script = `const fs = require('node:fs'); const dir = Buffer.from('${mirror.mountpoint}/');
      for (const hex of ${JSON.stringify(names.map((one) => one.toString('hex')))})
        fs.statSync(Buffer.concat([dir, Buffer.from(hex, 'hex')]), { throwIfNoEntry: false });`;
    expect(await run(process.execPath, ['-e', script])).toMatchObject({ status: 0, stderr: '' });
    const asked = new Set(names.map((one) => `/${traceName(one.toString('latin1'))}`));
    const told = await until('all names', async () => {
      const { latest } = await server.counts();
      const missing = latest.filter(({ op, errno }) => op === 'getattr' && errno === 2);
      const paths = new Set(missing.map(({ path }) => path));
      return paths.size >= asked.size ? paths : null;
    });
    mirror.child.kill('SIGTERM');
    await mirror.ended;
    expect([...told].sort()).toEqual([...asked].sort());
    await server.kill();
  });

  it('tells an operation while it hangs, and its end', async () => {
    const socket = join(place.dir, 'stuck.sock');
    const server = await FakeServer.start(socket);
    const inner = await place.mirror(place.make('stuck-inner'), place.make('stuck-inner-mount'));
    const outer = await place.mirror(inner.mountpoint, place.make('stuck-mount'), ['--socket', socket]);
    const find = async (test: (told: Told) => boolean) => (await server.counts()).latest.find(test);
    await freeze(inner.pid);
    const begun = performance.now();
    const looker = run('stat', [join(outer.mountpoint, 'hung')]);
    let enter: Told;
    try {
      enter = await until('the hung operation', () => find((told) => told.path === '/hung'));
      expect(performance.now() - begun).toBeLessThan(1000);
      expect(enter).toMatchObject({ kind: 1, op: 'getattr', comm: 'stat', errno: null, durNs: null });
    } finally {
      process.kill(inner.pid, 'SIGCONT');
      await looker;
    }
    const exit = await until('its end', () => find((told) => told.id === enter.id && told.kind === 2));
    expect(exit).toMatchObject({ kind: 2, op: 'getattr', errno: 2 });
    expect(Number(exit.durNs)).toBeGreaterThan(0);
    await server.kill();
  });

  it('goes on while the event loop is blocked, and counts what found no room in the log', async () => {
    const socket = join(place.dir, 'blocked.sock');
    const server = await FakeServer.start(socket);
    const release = join(place.dir, 'release');
    const wait = `const fs = process.getBuiltinModule('fs'); const cell = new Int32Array(new SharedArrayBuffer(4));
      process.on('SIGUSR2', () => { while (!fs.existsSync('${release}')) Atomics.wait(cell, 0, 0, 20); })`;
    const mirror = await place.start(
      [place.make('blocked-source'), place.make('blocked-mount'), '--socket', socket],
      [],
      {
        NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(wait)}`,
      },
    );
    // More than the log holds.
    const asked = 60_000;
    const script = `const fs = require('node:fs');
      process.kill(${mirror.pid}, 'SIGUSR2');
      for (let i = 0; i < ${asked}; i++) fs.statSync('none-' + i, { throwIfNoEntry: false });`;
    const { stderr } = await run(process.execPath, ['-e', script], { cwd: mirror.mountpoint });
    expect(stderr).toBe('');
    writeFileSync(release, '');
    mirror.child.kill('SIGTERM');
    await mirror.ended;
    const counts = await until('the goodbye', async () => {
      const now = await server.counts();
      return now.byes === 1 ? now : null;
    });
    expect(counts.missing).toBe(0);
    expect(counts.lost).toBeGreaterThan(0);
    // Besides the names there are the directory itself and the end of the process that asked.
    expect(counts.events + counts.lost).toBeGreaterThanOrEqual(asked);
    expect(counts.events + counts.lost).toBeLessThan(asked + 200);
    await server.kill();
  }, 60_000);
});
