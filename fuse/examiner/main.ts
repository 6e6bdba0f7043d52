// The examiner: looks into the processes around a stall when the server asks. A process of its own, because a look into
// /proc can hang with what it looks at; then the server kills it and starts another. Takes requests as JSON lines on
// standard input; prints the number of each process before it is read, and each answer as one JSON line.
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { ExamineRequest } from '../../shared/examination.ts';
import { watchParent } from '../mirror/watch.ts';
import { examine } from './look.ts';
import { Modules } from './modules.ts';

// Law 1: no working directory of ours on a mount.
process.chdir('/');
process.title = 'fusescope examine';

const say = (line: string | number) => writeSync(1, `${line}\n`);
const modules = new Modules();
let last = Promise.resolve();

watchParent(() => process.exit(0));
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const request = JSON.parse(line) as ExamineRequest;
    last = last.then(async () => {
      say(JSON.stringify(await examine(request, say, modules)));
    });
  })
  .on('close', () => process.exit(0));
