// A command of the configuration file: run without a shell, in /, with the message as JSON on its standard input and the
// main facts in its environment. One that does not end is killed.
import type { AlertMessage } from '../../shared/alerts.ts';
import { killLate, type Launch } from '../launch/launch.ts';
import { FinalError, type Send } from './queue.ts';

const TIMEOUT_MS = 30_000;
const SAID_BYTES = 1_000;

export function command([program, ...args]: readonly [string, ...string[]], launch: Launch): Send {
  return (message, signal) =>
    new Promise((resolve, reject) => {
      const child = launch(program, args, {
        stdio: ['pipe', 'ignore', 'pipe'],
        env: { ...process.env, ...environmentOf(message) },
      });
      const stopped = killLate(child, TIMEOUT_MS, signal);
      let said = '';
      child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
        said = (said + chunk).slice(-SAID_BYTES);
      });
      // One that does not read its input need not.
      child.stdin?.on('error', () => {});
      child.stdin?.end(`${JSON.stringify(message)}\n`);
      child.once('error', (error: NodeJS.ErrnoException) => {
        const never = error.code === 'ENOENT' || error.code === 'EACCES';
        reject(never ? new FinalError(error.message) : error);
      });
      child.once('close', (status, by) => {
        if (stopped.aborted) reject(new Error(`it did not end within ${TIMEOUT_MS / 1_000} s`));
        else if (status === 0) resolve();
        else reject(new Error(`it ended with ${status ?? by}${said === '' ? '' : `: ${said.trim()}`}`));
      });
    });
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
