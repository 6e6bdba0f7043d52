// The demo: a mirror of a temporary tree under a small load, with some trouble built in. Started by the server; one
// JSON line on stdout when mounted.
import '../mirror/threads.ts';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { refuse, runMirror } from '../mirror/run.ts';
import { clearOld, demoPlaces, plant } from './tree.ts';
import { TROUBLE } from './trouble.ts';

const WORKLOAD = fileURLToPath(import.meta.resolve(`./workload${import.meta.filename.slice(-3)}`));

try {
  await demo();
} catch (error) {
  refuse(error);
}

async function demo(): Promise<void> {
  const { values } = parseArgs({
    options: { socket: { type: 'string' }, 'die-with-parent': { type: 'boolean', default: false } },
  });
  clearOld();
  const places = demoPlaces(process.pid);
  plant(places);
  // Before the mount: a child that is started later would hold a descriptor of it.
  const workload = spawn(process.execPath, [WORKLOAD, String(process.pid)], {
    cwd: '/',
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  workload.stdin.on('error', () => undefined);
  let ending = false;
  await runMirror(
    {
      source: places.source,
      mountpoint: places.mountpoint,
      allowOther: false,
      directIo: false,
      trace: true,
      socket: values.socket ?? null,
      faults: null,
      dieWithParent: values['die-with-parent'],
    },
    {
      faults: TROUBLE,
      ending: () => {
        ending = true;
        workload.stdin.end();
      },
    },
  );
  // Without its load the demo has nothing to show.
  workload.once('exit', () => ending || process.kill(process.pid, 'SIGTERM'));
  workload.stdin.write('begin\n');
}
