// The demo's load: runs the chores on the mount from a process of its own, so that their calls come from outside
// of the mirror. Its standard input is its leash: a line starts it, the end of it stops it, and then it removes the
// demo's folder. It does not touch the mount itself, only the programs that it runs do.
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { unmountNow } from '../mirror/unmount.ts';
import { mountAt } from '../mountinfo.ts';
import { type Chore, chores } from './chores.ts';
import { clear, demoPlaces } from './tree.ts';

/** The mirror unmounts when it ends; where it was killed, fusermount's guard does, but not for every user. */
const UNMOUNT_MS = 3000;
const POLL_MS = 20;

const { root, mountpoint } = demoPlaces(Number(process.argv[2]));
const running = new Set<ChildProcess>();
let over = false;

// Ctrl-C reaches the whole foreground group; what counts here is the leash.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
process.stdin.once('data', begin);
process.stdin.on('error', () => void end());
process.stdin.on('close', () => void end());

function begin(): void {
  for (const chore of chores(mountpoint, isThere)) next(chore, 0);
}

function next(chore: Chore, turn: number): void {
  const pauseMs = chore.everyMs * (0.7 + Math.random() * 0.6);
  setTimeout(() => void round(chore, turn), pauseMs);
}

async function round(chore: Chore, turn: number): Promise<void> {
  for (const [program = '', ...args] of chore.steps(turn)) {
    if (over) return;
    await run(program, args);
  }
  next(chore, turn + 1);
}

/** Resolves when the program has ended, however it did: chores may fail, and some are meant to. */
function run(program: string, args: string[]): Promise<void> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: '/', stdio: 'ignore', env: { PATH: process.env.PATH } });
    running.add(child);
    const done = () => {
      running.delete(child);
      resolve();
    };
    child.once('error', done);
    child.once('exit', done);
  });
}

async function end(): Promise<void> {
  if (over) return;
  over = true;
  for (const child of running) child.kill('SIGKILL');
  for (let waitedMs = 0; mountAt(mountpoint) !== null && waitedMs < UNMOUNT_MS; waitedMs += POLL_MS) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  if (mountAt(mountpoint) !== null) unmountNow(mountpoint);
  // What is still mounted is left to the next demo's start.
  if (mountAt(mountpoint) === null) clear(root);
  process.exit(0);
}

function isThere(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((dir) => {
    try {
      accessSync(join(dir, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
