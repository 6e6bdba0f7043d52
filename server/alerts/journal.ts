// The systemd journal, by its native protocol with a field for each fact: journalctl FUSESCOPE_CAUSE=blocked-on-network.
// Node has no datagram sockets of the Unix kind; logger(1) of util-linux sends them.
import { existsSync } from 'node:fs';
import type { AlertMessage } from '../../shared/alerts.ts';
import { endOf, killLate, type Launch } from '../launch/launch.ts';
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
  async (message, signal) => {
    // Without a journal logger says nothing and succeeds.
    if (!existsSync(SOCKET)) throw new FinalError(`there is no journal (${SOCKET} is not there)`);
    const child = launch('logger', ['--journald'], { stdio: ['pipe', 'ignore', 'pipe'] });
    killLate(child, TIMEOUT_MS, signal);
    child.stdin?.on('error', () => {});
    child.stdin?.end(entryOf(message));
    const { status, by, stderr, error } = await endOf(child);
    if (error) throw error.code === 'ENOENT' ? new FinalError('logger(1) of util-linux is missing') : error;
    if (status !== 0) throw new Error(stderr.trim().slice(-500) || `logger ended with ${status ?? by}`);
  };

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
