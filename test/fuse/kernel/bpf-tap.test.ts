import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DEFAULT_FILES } from '../../../fuse/kernel/loader-process.ts';
import { PathTable } from '../../../fuse/kernel/paths.ts';
import type { TapRecord } from '../../../fuse/kernel/tap.ts';
import { opName } from '../../../shared/ops.ts';
import type { Daemon } from '../../support/daemons.ts';
import { bash, run } from '../../support/mirror.ts';
import { isAlive, until } from '../../support/until.ts';
import { describeTap, type Heard, statMissing, stop, TapPlace } from './bpf.ts';

/** The fields of a record that a test is about. */
function seen(heard: Heard, op: string, fields: readonly (keyof TapRecord)[]): Partial<TapRecord>[] {
  return heard.of(op).map((one) => Object.fromEntries(fields.map((field) => [field, one[field]])));
}

/** BPF objects of the whole machine: `prog 12`, `map 3`, `link 7`. */
async function objects(): Promise<string[]> {
  const kinds = ['prog', 'map', 'link'].map(async (kind) => {
    const { stdout } = await run('bpftool', [kind, 'list']);
    return [...stdout.matchAll(/^(\d+):/gm)].map(([, id]) => `${kind} ${id}`);
  });
  return (await Promise.all(kinds)).flat();
}

/** Those that a process holds. */
async function ownObjects(pid: number): Promise<string[]> {
  const { stdout } = await run('sh', ['-c', `cat /proc/${pid}/fdinfo/*`]);
  return [
    ...new Set([...stdout.matchAll(/^(prog|map|link)_id:\t(\d+)/gm)].map(([, kind, id]) => `${kind} ${id}`)),
  ];
}

describeTap('the BPF tap', () => {
  let place: TapPlace;
  let mounted: Daemon;

  beforeEach(async () => {
    place = new TapPlace();
    mounted = await place.mount();
  });
  afterEach(() => place.clean());

  const inMount = (script: string) => bash(script, '/', { M: mounted.mountpoint });
  /** A child that is left to run, on its own for as long as it takes. */
  const start = (program: string, ...args: string[]) => spawn(program, args, { stdio: 'ignore' });

  test('tells what a script does, with names, answers and caller', async () => {
    const heard = await place.tap([mounted]);
    const ended = await inMount(`
      mkdir -m 750 $M/d
      printf hello > $M/d/f
      cat $M/d/f >/dev/null
      ln $M/d/f $M/d/g
      mv $M/d/f $M/moved
      ln -s over/there $M/sym
      readlink $M/sym >/dev/null
      mkfifo $M/pipe
      chmod 600 $M/moved
      truncate -s 3 $M/moved
      ls $M/d >/dev/null
      rm $M/d/g
      rmdir $M/d
      rmdir $M/moved 2>/dev/null || true
      stat $M/last >/dev/null 2>&1 || true`);
    expect(ended.status).toBe(0);
    await heard.heard('last');

    expect(seen(heard, 'mkdir', ['nodeid', 'name', 'errno', 'args'])).toEqual([
      { nodeid: 1, name: 'd', errno: 0, args: { mode: 0o750 } },
    ]);
    const directory = heard.of('mkdir')[0]?.replyNodeid;
    const [create] = heard.of('create');
    expect(create).toMatchObject({ nodeid: directory, name: 'f', errno: 0, comm: 'bash' });
    expect(seen(heard, 'write', ['nodeid', 'fh', 'offset', 'size', 'bytes'])).toEqual([
      { nodeid: create?.replyNodeid, fh: create?.fh, offset: 0, size: 5, bytes: 5 },
    ]);
    expect(heard.of('read')[0]).toMatchObject({ offset: 0, bytes: 5, comm: 'cat', errno: 0 });
    expect(seen(heard, 'link', ['newParent', 'newName', 'nodeid'])).toEqual([
      { newParent: directory, newName: 'g', nodeid: create?.replyNodeid },
    ]);
    expect([...heard.of('rename'), ...heard.of('rename2')]).toMatchObject([
      { nodeid: directory, name: 'f', newParent: 1, newName: 'moved', errno: 0 },
    ]);
    expect(heard.of('symlink')).toMatchObject([{ name: 'sym', args: { target: 'over/there' } }]);
    expect(heard.of('readlink')).toMatchObject([{ bytes: 10, comm: 'readlink' }]);
    expect(heard.of('mknod')).toMatchObject([{ name: 'pipe' }]);
    expect(heard.of('setattr')).toMatchObject([{ args: { mode: 0o100600 } }, { size: 3 }]);
    expect(heard.of('readdir').length + heard.of('readdirplus').length).toBeGreaterThan(0);
    expect(heard.of('unlink')).toMatchObject([{ nodeid: directory, name: 'g' }]);
    expect(heard.of('rmdir')).toMatchObject([{ nodeid: 1, name: 'd', errno: 0 }]);
    expect(heard.of('lookup').at(-1)).toMatchObject({ name: 'last', errno: 2, comm: 'stat' });

    // On a busy machine one may have been told as open before.
    const done = heard.records.filter((one) => one.kind === 'done');
    for (const one of done) {
      expect(one.durationNs).toBeGreaterThan(0);
      expect(one).toMatchObject({ connection: mounted.connection, uid: 0, gid: 0 });
      expect(one.pid).toBeGreaterThan(0);
      expect(one.daemonTid).toBeGreaterThan(0);
    }
    const uniques = done.map((one) => one.unique);
    expect(new Set(uniques).size).toBe(uniques.length);
    expect(heard.losses).toEqual([]);
    expect(heard.tap.doubts).toEqual([]);
  });

  test('tells of extended attributes', async () => {
    const heard = await place.tap([mounted]);
    writeFileSync(join(mounted.source, 'f'), '');
    await inMount(`setfattr -n user.colour -v green $M/f; getfattr -n user.colour $M/f; setfattr -x user.colour $M/f
      stat $M/last >/dev/null 2>&1 || true`);
    await heard.heard('last');
    expect(heard.of('setxattr')).toMatchObject([{ name: 'user.colour', size: 5 }]);
    const values = heard.of('getxattr').filter((one) => one.name === 'user.colour' && one.size !== 0);
    expect(values).toMatchObject([{ bytes: 5, errno: 0 }]);
    expect(heard.of('removexattr')).toMatchObject([{ name: 'user.colour', errno: 0 }]);
  });

  test('keeps names that are not UTF-8, and long ones, whole', async () => {
    const heard = await place.tap([mounted]);
    const long = 'x'.repeat(255);
    await inMount(`stat $M/$'a\\xffb' $M/ä€ $M/${long} >/dev/null 2>&1 || true`);
    await heard.heard(long);
    const names = heard.of('lookup').map((one) => one.name);
    expect(names).toEqual(['a\\xffb', 'ä€', long]);
  });

  test('knows an operation that does not end, and that nobody has picked it up', async () => {
    const heard = await place.tap([mounted]);
    await stop(mounted);
    const child = start('stat', `${mounted.mountpoint}/stuck`);
    const open = await until('the open operation', () =>
      heard.records.find((one) => one.kind === 'open' && one.comm === 'stat'),
    );
    expect(open).toMatchObject({ pid: child.pid, durationNs: null, errno: null, daemonTid: null });
    expect(opName(open.opcode)).toMatch(/lookup|getattr/);
    expect(await heard.tap.inflight()).toMatchObject([{ picked: false, record: { unique: open.unique } }]);

    mounted.child.kill('SIGCONT');
    await until('its end', () =>
      heard.records.find((one) => one.kind === 'done' && one.unique === open.unique),
    );
    expect(await heard.tap.inflight()).toEqual([]);
  });

  test('tells what was in flight before it listened, and how it ended', async () => {
    await stop(mounted);
    const child = start('stat', `${mounted.mountpoint}/before`);
    // Only the kernel knows when the request is there: the caller waits in fuse.
    await until('the caller to wait', async () => {
      const { stdout } = await run('cat', [`/proc/${child.pid}/wchan`]);
      return stdout.includes('request_wait_answer') || stdout.includes('fuse');
    });
    const heard = await place.tap([mounted]);
    const [older] = await until('the older request', async () => {
      const listed = await heard.tap.inflight();
      return listed.length > 0 && listed;
    });
    expect(older).toMatchObject({
      picked: false,
      record: { kind: 'open', pid: child.pid, comm: 'stat', args: { startedBefore: true } },
    });
    expect(heard.records).toEqual([older?.record]);

    mounted.child.kill('SIGCONT');
    const done = await until('its end', () =>
      heard.records.find((one) => one.kind === 'done' && one.unique === older?.record.unique),
    );
    expect(done).toMatchObject({ pid: child.pid, opcode: older?.record.opcode });
    expect(done.durationNs).toBeGreaterThan(0);
  });

  test('a request taken back before it was picked up ends as interrupted', async () => {
    const heard = await place.tap([mounted]);
    await stop(mounted);
    const child = start('stat', `${mounted.mountpoint}/killed`);
    const open = await until('the open operation', () =>
      heard.records.find((one) => one.kind === 'open' && one.pid === child.pid),
    );
    child.kill('SIGKILL');
    const done = await until('its end', () =>
      heard.records.find((one) => one.kind === 'done' && one.unique === open.unique),
    );
    expect(done.errno).toBe(4);
    expect(await heard.tap.inflight()).toEqual([]);
  });

  test('a killed daemon ends what is open', async () => {
    const heard = await place.tap([mounted]);
    await stop(mounted);
    start('stat', `${mounted.mountpoint}/orphan`);
    const open = await until('the open operation', () => heard.records.find((one) => one.kind === 'open'));
    mounted.child.kill('SIGKILL');
    const done = await until('its end', () =>
      heard.records.find((one) => one.kind === 'done' && one.unique === open.unique),
    );
    expect(done.errno).toBeGreaterThan(0);
  });

  test('tells nothing of a mount that is not watched, from one moment to the next', async () => {
    const other = await place.mount('other');
    const heard = await place.tap([mounted]);
    await statMissing(other.mountpoint, 100);
    await statMissing(mounted.mountpoint, 1, 'first');
    await heard.heard('first-1');
    expect(new Set(heard.records.map((one) => one.connection))).toEqual(new Set([mounted.connection]));

    heard.tap.watch(new Set([other.connection]));
    await heard.tap.inflight();
    await statMissing(mounted.mountpoint, 100);
    await statMissing(other.mountpoint, 1, 'second');
    await heard.heard('second-1');
    expect(heard.of('lookup').map((one) => one.name)).toEqual(['first-1', 'second-1']);
  });

  test('leaves out our own processes in the kernel, and counts them', async () => {
    const child = spawn('perl', ['-e', '<STDIN>; stat("$ARGV[0]/own-$_") for 1 .. 50', mounted.mountpoint], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const heard = await place.tap([mounted], { ownPids: [child.pid as number] });
    child.stdin.end('\n');
    await until('them to be counted', () => heard.excluded >= 50);
    await statMissing(mounted.mountpoint, 1, 'other');
    await heard.heard('other-1');
    expect(heard.of('lookup').map((one) => one.name)).toEqual(['other-1']);
  });

  test('says when something is mounted', async () => {
    const heard = await place.tap([mounted]);
    const before = heard.mountChanges;
    await place.mount('another');
    await until('the change', () => heard.mountChanges > before);
  });

  test('leaves nothing behind when its loader is killed, and says that it has ended', async () => {
    const heard = await place.tap([mounted]);
    const pid = heard.tap.pid as number;
    const own = await ownObjects(pid);
    expect(own).toEqual(
      expect.arrayContaining([expect.stringMatching(/^prog/), expect.stringMatching(/^link/)]),
    );
    expect(await objects()).toEqual(expect.arrayContaining(own));
    process.kill(pid, 'SIGKILL');
    await until('the news', () => heard.ends.length > 0);
    expect(heard.ends[0]).toContain('SIGKILL');
    await expect(heard.tap.inflight()).rejects.toThrow('ended');
    // The kernel frees them a moment later.
    await until('all to go', async () => {
      const left = await objects();
      return own.every((one) => !left.includes(one));
    });
    expect((await statMissing(mounted.mountpoint, 10)).status).toBe(0);
  });

  test('its loader runs without privileges and dies with its parent', async () => {
    const script = `
      import { startBpfTap } from '${join(import.meta.dirname, '../../../fuse/kernel/bpf-tap.ts')}';
      const none = () => undefined;
      const tap = await startBpfTap({ ownPids: [] }, { record: none, loss: none, ended: none });
      console.log(tap.pid);`;
    const parent = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pid = await new Promise<number>((resolve) =>
      parent.stdout.on('data', (line) => resolve(Number(line))),
    );
    const { stdout } = await run('cat', [`/proc/${pid}/status`]);
    expect(stdout).toMatch(/^CapEff:\t0+$/m);
    expect(stdout).toMatch(/^CapBnd:\t0+$/m);
    expect(stdout).toMatch(/^NoNewPrivs:\t1$/m);
    expect(stdout).toMatch(/^Uid:\t65534\t65534\t65534\t65534$/m);
    parent.kill('SIGKILL');
    await until('the loader to end', async () => !(await isAlive(pid)));
  });

  const asUser = (capabilities: string) => ({
    ...DEFAULT_FILES,
    loader: place.script(
      'loader.sh',
      `#!/bin/sh
      exec setpriv --reuid=12345 --regid=12345 --clear-groups --inh-caps=-all${capabilities} \\
        --ambient-caps=-all${capabilities} --bounding-set=-all${capabilities} ${DEFAULT_FILES.loader} "$1"`,
    ),
  });

  test('needs no more than CAP_BPF and CAP_PERFMON', async () => {
    const heard = await place.tap([mounted], { files: asUser(',+bpf,+perfmon') });
    await stop(mounted);
    const child = start('stat', `${mounted.mountpoint}/name`);
    await until('the open operation', () => heard.records.find((one) => one.pid === child.pid));
    expect(await heard.tap.inflight()).toMatchObject([{ picked: false }]);
    mounted.child.kill('SIGCONT');
    await heard.heard('name');
  });

  test('says what it lacks where it is not permitted', async () => {
    await expect(place.tap([mounted], { files: asUser('') })).rejects.toThrow(/not permitted .*CAP_BPF/);
  });

  test('shows directories that are renamed where they are at that time', async () => {
    const heard = await place.tap([mounted]);
    const ended = await inMount(`
      mkdir -p $M/one/sub; cd $M
      for i in 1 2 3 4 5 6 7 8 9 10; do
        stat one/sub/in-one-$i >/dev/null 2>&1 || true
        mv one two
        stat two/sub/in-two-$i >/dev/null 2>&1 || true
        mv two one
      done
      stat last >/dev/null 2>&1 || true`);
    expect(ended.status).toBe(0);
    await heard.heard('last');
    const table = new PathTable();
    const shown: string[] = [];
    for (const record of heard.records.filter((one) => one.kind === 'done')) {
      if (record.name?.startsWith('in-')) shown.push(table.pathOf(record).path ?? '');
      table.learn(record);
    }
    const rounds = Array.from({ length: 10 }, (_, i) => i + 1);
    expect(shown).toEqual(rounds.flatMap((i) => [`/one/sub/in-one-${i}`, `/two/sub/in-two-${i}`]));
  });
});
