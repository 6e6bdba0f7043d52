// The systemd journal, by its native protocol with a field for each fact: journalctl FUSESCOPE_CAUSE=blocked-on-network.
// Node has no datagram sockets of the Unix kind; logger(1) of util-linux sends them.
import { existsSync } from 'node:fs';
import type { AlertMessage } from '../../shared/alerts.ts';
import { killLate, type Launch } from '../launch/launch.ts';
import { FinalError, type Send } from './queue.ts';

const SOCKET = '/run/systemd/journal/socket';
const TIMEOUT_MS = 5_000;
/** Of each kind of message one, as systemd asks for. */
const MESSAGE_IDS = {
  raised: '6f2c1f4d1a634a3f9f3b7be1f8c2d501',
  closed: 'b0e7a6d2c5a94c07a0ed3f6f4d1c9b72',
} as const;
/** syslog(3): warning, notice. */
const PRIORITIES = { raised: 4, closed: 5 } as const;

export const journal =
  (launch: Launch): Send =>
  (message, signal) =>
    new Promise((resolve, reject) => {
      // Without a journal logger says nothing and succeeds.
      if (!existsSync(SOCKET)) {
        reject(new FinalError(`there is no journal (${SOCKET} is not there)`));
        return;
      }
      const child = launch('logger', ['--journald'], { stdio: ['pipe', 'ignore', 'pipe'] });
      killLate(child, TIMEOUT_MS, signal);
      let said = '';
      child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
        said = (said + chunk).slice(-500);
      });
      child.stdin?.on('error', () => {});
      child.stdin?.end(entryOf(message));
      child.once('error', (error: NodeJS.ErrnoException) =>
        reject(error.code === 'ENOENT' ? new FinalError('logger(1) of util-linux is missing') : error),
      );
      child.once('close', (status) =>
        status === 0 ? resolve() : reject(new Error(said.trim() || `logger ended with ${status}`)),
      );
    });

/** One field a line, as logger reads them. */
export function entryOf(message: AlertMessage): string {
  const { event, stall } = message;
  const fields: readonly [string, string | number | null][] = [
    ['MESSAGE', message.text],
    ['MESSAGE_ID', MESSAGE_IDS[event]],
    ['PRIORITY', PRIORITIES[event]],
    ['SYSLOG_IDENTIFIER', 'fusescope'],
    ['FUSESCOPE_EVENT', event],
    ['FUSESCOPE_RULE', message.rule],
    ['FUSESCOPE_MOUNT', message.mount],
    ['FUSESCOPE_CAUSE', message.cause?.kind ?? 'unknown'],
    ['FUSESCOPE_STALL', stall.id],
    ['FUSESCOPE_STALLS', message.stalls],
    ['FUSESCOPE_OP', stall.span.op],
    ['FUSESCOPE_PATH', stall.span.path],
    ['FUSESCOPE_PID', stall.span.pid],
    ['FUSESCOPE_COMM', stall.span.comm],
    ['FUSESCOPE_LONGEST_MS', Math.round(message.longestMs)],
  ];
  return `${fields
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${oneLine(String(value))}`)
    .join('\n')}\n`;
}

/** A path may hold a newline; the next line would be a field of its own. */
function oneLine(text: string): string {
  return text.replaceAll('\\', '\\\\').replace(/\p{Cc}/gu, (char) => {
    return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}
