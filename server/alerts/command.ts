// A command of the configuration file: run without a shell, in /, with the message as JSON on its standard input and the
// main facts in its environment. One that does not end is killed.
import type { AlertMessage } from '../../shared/alerts.ts';
import { endOf, killLate, type Launch } from '../launch/launch.ts';
import { FinalError, type Send } from './queue.ts';

const TIMEOUT_MS = 30_000;
const SAID_CHARS = 1_000;

export function command([program, ...args]: readonly [string, ...string[]], launch: Launch): Send {
  return async (message, signal) => {
    const child = launch(program, args, {
      stdio: ['pipe', 'ignore', 'pipe'],
      env: { ...process.env, ...environmentOf(message) },
    });
    const stopped = killLate(child, TIMEOUT_MS, signal);
    // One that does not read its input need not.
    child.stdin?.on('error', () => {});
    child.stdin?.end(`${JSON.stringify(message)}\n`);
    const { status, by, stderr, error } = await endOf(child);
    if (error) {
      const never = error.code === 'ENOENT' || error.code === 'EACCES';
      throw never ? new FinalError(error.message) : error;
    }
    if (stopped.aborted) throw new Error(`it did not end within ${TIMEOUT_MS / 1_000} s`);
    const said = stderr.trim().slice(-SAID_CHARS);
    if (status !== 0) throw new Error(`it ended with ${status ?? by}${said === '' ? '' : `: ${said}`}`);
  };
}

function environmentOf(message: AlertMessage): Record<string, string> {
  const { stall, cause } = message;
  return {
    FUSESCOPE_EVENT: message.event,
    FUSESCOPE_RULE: message.rule,
    FUSESCOPE_TEXT: message.text,
    FUSESCOPE_MOUNT: message.mount,
    FUSESCOPE_CAUSE: cause?.kind ?? 'unknown',
    FUSESCOPE_STALL: String(stall.id),
    FUSESCOPE_STALLS: String(message.stalls),
    FUSESCOPE_LONGEST_MS: String(Math.round(message.longestMs)),
  };
}
