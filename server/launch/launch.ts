// How processes are started, as far as those who start them need to know: a ChildProcess of Node fits as well as one
// that another process has started for us (launcher.ts).
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** Standard input, output and error each. */
export type Stdio = readonly ['pipe' | 'ignore', 'pipe' | 'ignore', 'pipe' | 'ignore'];

export interface LaunchOptions {
  stdio: Stdio;
  /** The whole environment; without it, the server's own. */
  env?: NodeJS.ProcessEnv;
}

/** The part of a ChildProcess that is used here. */
export interface Launched {
  /** Known with its first output; never where it could not be started. */
  readonly pid?: number | undefined;
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  readonly exitCode: number | null;
  readonly signalCode: NodeJS.Signals | null;
  kill(signal: NodeJS.Signals): unknown;
  /** It keeps this process from ending no longer. */
  unref(): void;
  /** It could not be started. `close` follows. */
  once(event: 'error', hear: (error: NodeJS.ErrnoException) => void): unknown;
  /** It has ended, and all it wrote was read. */
  once(event: 'close', hear: (code: number | null, signal: NodeJS.Signals | null) => void): unknown;
}

/** Starts a program in /, without a shell. */
export type Launch = (program: string, args: readonly string[], options: LaunchOptions) => Launched;

/** Hears each line of an output that is a pipe. */
export function eachLine(output: Readable | null, hear: (line: string) => void): void {
  if (output) createInterface({ input: output }).on('line', hear);
}

/** How a process ended, and the end of what it said. */
export interface Ending {
  status: number | null;
  by: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  /** Why it could not be started. */
  error: NodeJS.ErrnoException | null;
}

const SAID_CHARS = 4_000;

/** Resolves when a process has ended, however it did. */
export function endOf(child: Launched): Promise<Ending> {
  const ending: Ending = { status: null, by: null, stdout: '', stderr: '', error: null };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
      ending[name] = (ending[name] + chunk).slice(-SAID_CHARS);
    });
  }
  child.once('error', (error) => {
    ending.error = error;
  });
  return new Promise((resolve) => {
    child.once('close', (status, by) => resolve({ ...ending, status, by }));
  });
}

/**
 * Kills a process that has not ended by then, or when `signal` says so.
 * @returns aborted where it was asked to be killed
 */
export function killLate(child: Launched, timeoutMs: number, signal?: AbortSignal): AbortSignal {
  const late = AbortSignal.timeout(timeoutMs);
  const either = signal ? AbortSignal.any([signal, late]) : late;
  const kill = () => child.kill('SIGKILL');
  either.addEventListener('abort', kill, { once: true });
  child.once('close', () => either.removeEventListener('abort', kill));
  return either;
}

/** From this process, for those that hold no files on disks that may hang. */
export const launchHere: Launch = (program, args, { stdio, env }) =>
  spawn(program, args, { cwd: '/', stdio: [...stdio], env: env ?? process.env });
