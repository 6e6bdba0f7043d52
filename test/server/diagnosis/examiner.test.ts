// The examiner's process and its supervision: one that hangs or dies is replaced and the question asked again, without
// what it hung at; and what a process without the rights says of others.
import { execFileSync, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { readStat } from '../../../fuse/kernel/discovery/proc.ts';
import { Examiner } from '../../../server/diagnosis/examiner.ts';
import { launchHere } from '../../../server/launch/launch.ts';
import { program } from '../../../server/setup/paths.ts';
import type { ExamineAnswer, ExamineRequest } from '../../../shared/examination.ts';
import { describeWith } from '../../support/requires.ts';
import { isAlive, until } from '../../support/until.ts';
import { tempDir } from '../store/helpers.ts';

const log = pino({ level: 'silent' });
const DEEP = join(import.meta.dirname, '../../support/deep.c');
const nothing = { mounts: [], callers: [] };
const undo: (() => void)[] = [];
afterEach(() => {
  for (const step of undo.splice(0)) step();
});

/** An examiner that does at each process what `at` says. It answers with whom it has seen. */
function examinerThat(at: string): Examiner {
  const file = join(tempDir(), 'examiner.mjs');
  writeFileSync(
    file,
    `import { writeSync } from 'node:fs';
     import { createInterface } from 'node:readline';
     createInterface({ input: process.stdin }).on('line', async (line) => {
       const { id, skip } = JSON.parse(line);
       const seen = [];
       for (const pid of [5, 7, 9]) {
         if (skip.includes(pid)) continue;
         writeSync(1, pid + '\\n');
         ${at}
         seen.push({ pid });
       }
       const unread = skip.map((pid) => ({ pid, why: 'hung' }));
       writeSync(1, JSON.stringify({ id, processes: seen, unread, left: [String(process.pid)] }) + '\\n');
     });`,
  );
  return watched(file);
}

function watched(file: string): Examiner {
  const examiner = new Examiner(file, launchHere, log);
  undo.push(() => examiner.close());
  return examiner;
}

describe('an examiner', () => {
  it('that hangs in reading one process is killed, and another looks at the rest', async () => {
    const examiner = examinerThat('if (pid === 7) await new Promise(() => setInterval(() => {}, 1_000));');
    const asked = examiner.examine(nothing);
    const first = examiner.pid ?? 0;
    const { processes, unread } = await asked;
    expect(processes.map((one) => one.pid)).toEqual([5, 9]);
    expect(unread).toEqual([{ pid: 7, why: 'hung' }]);
    expect(examiner.pid).not.toBe(first);
    await until('the first to be gone', async () => !(await isAlive(first)));
    // What hung is left alone the next time too, at once.
    expect((await examiner.examine(nothing)).unread).toEqual([{ pid: 7, why: 'hung' }]);
  });

  it('that dies, or tells nonsense before it does, is started again', async () => {
    const dying = examinerThat(`if (pid === 7) {
      const { mkdirSync } = await import('node:fs');
      let first = true;
      try { mkdirSync(process.argv[1] + '.died'); } catch { first = false; }
      if (first) { writeSync(1, '{"id":1,"proc'); process.exit(3); }
    }`);
    expect((await dying.examine(nothing)).processes.map((one) => one.pid)).toEqual([5, 7, 9]);
  });

  it('that cannot be had says why, once it was tried often enough', async () => {
    const never = examinerThat('process.stderr.write("no memory\\n"); process.exit(3);');
    await expect(never.examine(nothing)).rejects.toThrow('no memory');
  });

  it('looks at this machine, and goes on after it was killed', async () => {
    const examiner = watched(program('fuse/examiner/main'));
    const caller = { ...nothing, callers: [process.pid] };
    const before = await examiner.examine(caller);
    expect(before.processes.map((one) => one.pid)).toContain(process.pid);
    const first = examiner.pid ?? 0;
    process.kill(first, 'SIGKILL');
    const after = await examiner.examine(caller);
    expect(after.processes.map((one) => one.pid)).toContain(process.pid);
    expect(examiner.pid).not.toBe(first);
  });
});

/** What an examiner says about a process, without some of its rights, as setpriv takes them away. */
async function answerWithout(rights: readonly string[], pid: number): Promise<ExamineAnswer> {
  const words = [...rights, process.execPath, program('fuse/examiner/main')];
  const child = spawn('setpriv', words, { stdio: ['pipe', 'pipe', 'inherit'], cwd: '/' });
  undo.push(() => child.kill('SIGKILL'));
  const request: ExamineRequest = { id: 1, ...nothing, callers: [pid], skip: [] };
  child.stdin.write(`${JSON.stringify(request)}\n`);
  for await (const line of createInterface({ input: child.stdout }))
    if (line.startsWith('{')) return JSON.parse(line) as ExamineAnswer;
  throw new Error('the examiner ended');
}

/** Starts a process for the time of the test. @param comm its name once it sleeps. */
async function sleeping(comm: string, [program, ...args]: [string, ...string[]]): Promise<number> {
  const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'ignore'], cwd: '/' });
  undo.push(() => child.kill('SIGKILL'));
  const pid = child.pid ?? 0;
  await until(`${comm} to sleep`, () => {
    const stat = readStat(pid);
    return stat?.comm === comm && stat.state === 'S';
  });
  return pid;
}

describeWith(['root', 'setpriv', 'gcc'], 'an examiner without the rights', () => {
  it('says of whom it was kept from', async () => {
    const pid = await sleeping('sleep', ['sleep', '600']);
    const answer = await answerWithout(['--bounding-set=-all', '--inh-caps=-all'], pid);
    expect(answer.unread).toContainEqual({ pid, why: 'denied' });
    const seen = answer.processes.find((one) => one.pid === pid);
    expect(seen).toMatchObject({ comm: 'sleep', state: 'S' });
    expect(seen?.threads[0]).toMatchObject({ wchan: null, syscall: null, stack: [], userStack: [] });
  });

  it('shows user stacks by what is loaded, without the names, and says so', async () => {
    const file = join(tempDir(), 'deep');
    execFileSync('gcc', ['-w', '-O1', '-o', file, DEEP]);
    const rights = ['--bounding-set=-sys_admin,-checkpoint_restore', '--inh-caps=-all'];
    const pid = await sleeping('deep', ['setpriv', ...rights, file]);
    const { processes, left } = await answerWithout(rights, pid);
    const stack = processes.find((one) => one.pid === pid)?.threads[0]?.userStack ?? [];
    expect(stack.map(({ text, guessed }) => `${text.replace(/0x[0-9a-f]+$/, '')}${guessed}`)).toEqual([
      'libc.so.6+false',
      ...new Array(6).fill('deep+false'),
      ...new Array(2).fill('libc.so.6+false'),
      'deep+false',
    ]);
    expect(left).toContain('names in user stacks: they are for root to read');
  });
});
