// The examiner's process and its supervision: one that hangs or dies is replaced and the question asked again, without
// what it hung at; and what a process without the rights says of others.
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { Examiner } from '../../../server/diagnosis/examiner.ts';
import { program } from '../../../server/setup/paths.ts';
import type { ExamineAnswer, ExamineRequest } from '../../../shared/examination.ts';
import { describeWith } from '../../support/requires.ts';
import { isAlive, until } from '../../support/until.ts';
import { tempDir } from '../store/helpers.ts';

const log = pino({ level: 'silent' });
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
  const examiner = new Examiner(file, log);
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

describeWith(['root', 'setpriv'], 'an examiner without the rights', () => {
  it('says of whom it was kept from', async () => {
    const file = program('fuse/examiner/main');
    const words = ['--bounding-set=-all', '--inh-caps=-all', process.execPath, file];
    const child = spawn('setpriv', words, { stdio: ['pipe', 'pipe', 'inherit'], cwd: '/' });
    const target: ChildProcess = spawn('sleep', ['600'], { stdio: 'ignore', cwd: '/' });
    undo.push(
      () => child.kill('SIGKILL'),
      () => target.kill('SIGKILL'),
    );
    const pid = target.pid ?? 0;
    const request: ExamineRequest = { id: 1, ...nothing, callers: [pid], skip: [] };
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const lines = createInterface({ input: child.stdout });
    let answer: ExamineAnswer | undefined;
    for await (const line of lines) {
      if (!line.startsWith('{')) continue;
      answer = JSON.parse(line) as ExamineAnswer;
      break;
    }
    expect(answer?.unread).toContainEqual({ pid, why: 'denied' });
    const seen = answer?.processes.find((one) => one.pid === pid);
    expect(seen).toMatchObject({ comm: 'sleep', state: 'S' });
    expect(seen?.threads[0]).toMatchObject({ wchan: null, syscall: null, stack: [] });
  });
});
