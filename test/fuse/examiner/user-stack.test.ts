// Stacks of real programs that wait five calls deep, built in the ways that programs are.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, expect, it } from 'vitest';
import { Devices } from '../../../fuse/examiner/devices.ts';
import { Memory } from '../../../fuse/examiner/memory.ts';
import { Modules } from '../../../fuse/examiner/modules.ts';
import { UserStacks } from '../../../fuse/examiner/user-stacks.ts';
import { readStat } from '../../../fuse/kernel/discovery/proc.ts';
import { Examiner } from '../../../server/diagnosis/examiner.ts';
import { launchHere } from '../../../server/launch/launch.ts';
import { program } from '../../../server/setup/paths.ts';
import type { UserFrame } from '../../../shared/user-frame.ts';
import { describeWith } from '../../support/requires.ts';
import { until } from '../../support/until.ts';
import { Ward } from '../../support/ward.ts';

const SOURCE = join(import.meta.dirname, '../../support/deep.c');
const FIVE = ['five', 'four', 'three', 'two', 'one'];
const modules = new Modules();

function lookAt(pid: number): { frames: UserFrame[] | undefined; left: string[] } {
  const memory = new Memory(pid, new Devices(new Set()));
  const stacks = new UserStacks(modules);
  const found = stacks.of(pid, [{ tid: pid, comm: null, state: 'S', wchan: null }], memory);
  memory.close();
  return { frames: found.get(pid), left: stacks.left() };
}

/** Names of frames that are of one file, with an asterisk where they are guessed. */
function namesIn(frames: readonly UserFrame[], file: string): string[] {
  return frames
    .filter(({ text }) => text.endsWith(` (${file})`))
    .map(({ text, guessed }) => `${text.split('+')[0]}${guessed ? '*' : ''}`);
}

describeWith(['root', 'gcc', 'setpriv'], 'the user stack of', () => {
  const ward = new Ward();
  afterAll(() => ward.clean());

  function build(name: string, ...flags: string[]): string {
    const file = join(ward.dir, name);
    execFileSync('gcc', ['-w', ...flags, '-o', file, SOURCE]);
    return file;
  }

  /** The stack once it waits in read. */
  async function deep(file: string, ...args: string[]): Promise<UserFrame[]> {
    const child = ward.start(file, args);
    await once(child.stdout ?? child, 'data');
    return until(`${file} to wait`, () => {
      const { frames } = lookAt(child.pid ?? 0);
      return frames?.[0]?.text.startsWith('read') ? frames : null;
    });
  }

  it.each([
    ['optimized', ['-O1']],
    ['without-pointers', ['-O2', '-fomit-frame-pointer']],
    ['at-fixed-addresses', ['-O2', '-no-pie']],
  ])('a program that is %s, by its tables alone', async (name, flags) => {
    const frames = await deep(build(name, ...flags));
    expect(namesIn(frames, name)).toEqual([...FIVE, 'main', '_start']);
    expect(frames[0]?.text).toMatch(/^read\+0x[0-9a-f]+ \(libc\.so\.6\)$/);
    expect(frames.filter((one) => one.guessed)).toEqual([]);
  });

  it('a program whose tables count from rbp: the first such frame is a guess, from there on it is known', async () => {
    const frames = await deep(build('plain', '-O0'));
    expect(namesIn(frames, 'plain')).toEqual(['five', 'four*', 'three', 'two', 'one', 'main', '_start']);
  });

  it('a function with room of its own on the stack', async () => {
    const frames = await deep(build('roomy', '-O1'), 'room');
    expect(namesIn(frames, 'roomy')).toEqual([...FIVE, 'roomy', 'main*', '_start']);
  });

  it('a program without tables: every frame of it is a guess, and right', async () => {
    const file = build('bare', '-O0', '-fno-asynchronous-unwind-tables');
    const guessed = FIVE.slice(1).map((one) => `${one}*`);
    expect(namesIn(await deep(file), 'bare')).toEqual(['five', ...guessed, 'main*', '_start']);
  });

  it('a static program, which has no sorted table: by the symbols that its calls lead to', async () => {
    const frames = await deep(build('static', '-O2', '-static'));
    expect(namesIn(frames, 'static').slice(0, 7)).toEqual(['read', ...FIVE.map((one) => `${one}*`), 'main*']);
  });

  it('a call through a pointer, from within a library', async () => {
    const frames = await deep(build('sorting', '-O1'), 'sort');
    expect(namesIn(frames, 'sorting')).toEqual([...FIVE, 'compare', 'sorted', 'main', '_start']);
    expect(namesIn(frames, 'libc.so.6')).toContain('qsort_r');
    expect(frames.filter((one) => one.guessed)).toEqual([]);
  });

  it('the handler of a signal, and what it has interrupted', async () => {
    const frames = await deep(build('signal', '-O1'), 'signal');
    expect(namesIn(frames, 'signal')).toEqual([...FIVE, 'handler', 'signalled', 'main', '_start']);
    expect(namesIn(frames, 'libc.so.6')).toContain('raise');
  });

  it('a stripped program: addresses that its symbols would give the same names', async () => {
    const whole = build('whole', '-O1');
    const stripped = build('stripped', '-O1', '-s');
    const symbols = execFileSync('nm', ['-S', whole], { encoding: 'utf8' })
      .split('\n')
      .map((line) => line.split(' '))
      .filter((fields) => fields.length === 4)
      .map(([at = '', size = '', , name = '']) => ({
        at: Number(`0x${at}`),
        size: Number(`0x${size}`),
        name,
      }));
    const frames = await deep(stripped);
    const names = frames.flatMap(({ text }) => {
      const at = /^stripped\+(0x[0-9a-f]+)$/.exec(text)?.[1];
      const found = symbols.find((one) => Number(at) > one.at && Number(at) <= one.at + one.size);
      return at === undefined ? [] : [found?.name ?? at];
    });
    expect(names).toEqual([...FIVE, 'main', '_start']);
  });

  it('Node: from read through the engine to the start, whatever is guessed', async () => {
    const script =
      'process.stdout.write("."); setTimeout(() => require("fs").readSync(0, Buffer.alloc(1)), 1)';
    const frames = await deep(process.execPath, '-e', script);
    const names = namesIn(frames, 'node').map((one) => one.replace('*', ''));
    expect(names).toContain('uv_fs_read');
    expect(names).toContain('uv_run');
    expect(frames.at(-1)?.text).toMatch(/^_start\+/);
  });

  it('nothing that runs', async () => {
    const child = ward.start(build('running', '-O1'), ['spin']);
    await once(child.stdout ?? child, 'data');
    await until('it to run', () => readStat(child.pid ?? 0)?.state === 'R');
    expect(lookAt(child.pid ?? 0).frames).toBeUndefined();
    child.kill('SIGKILL');
  });

  it('a process that has ended', async () => {
    const child = ward.start('true', []);
    await once(child, 'exit');
    expect(lookAt(child.pid ?? 0)).toEqual({ frames: undefined, left: [] });
  });
});

describeWith(
  ['root', 'fuse', 'gcc', 'setpriv', 'bindfs'],
  'the user stack of a program on a FUSE mount',
  () => {
    const ward = new Ward();
    afterAll(() => ward.clean());

    it('is shown as far as nothing of the mount has to be read, while its daemon is stopped', async () => {
      const mount = await ward.bindfs('held');
      const built = join(ward.dir, 'deep');
      execFileSync('gcc', ['-w', '-O1', '-o', built, SOURCE]);
      copyFileSync(built, join(mount.source, 'deep'));
      const child = ward.start(join(mount.mountpoint, 'deep'), []);
      await once(child.stdout ?? child, 'data');
      const pid = child.pid ?? 0;
      await until('it to wait', () => lookAt(pid).frames?.[0]?.text.startsWith('read'));
      await ward.stop(mount.pid);
      const examiner = new Examiner(program('fuse/examiner/main'), launchHere, pino({ level: 'silent' }));
      try {
        const known = [{ connection: null, points: [], daemon: null, look: false }];
        const { processes, unread } = await examiner.examine({ mounts: known, callers: [pid] });
        expect(unread).toEqual([]);
        const stack = processes.find((one) => one.pid === pid)?.threads[0]?.userStack;
        expect(stack?.slice(0, 2).map(({ text }) => text.replace(/0x[0-9a-f]+/, ''))).toEqual([
          'read+ (libc.so.6)',
          'deep+',
        ]);
        expect(stack?.[2]?.guessed ?? true).toBe(true);
      } finally {
        examiner.close();
        process.kill(mount.pid, 'SIGCONT');
      }
    });
  },
);
