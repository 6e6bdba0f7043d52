// sshfs -d (libfuse/sshfs sshfs.c): the SFTP requests behind the mount's operations, `[00010] READ` and its answer
// `  [00010]           DATA       16bytes (0ms)`. It names no paths; answers tell no errno, only whole milliseconds.

import { opCode } from '../../../shared/ops.ts';
import { blankEvent } from '../../../shared/wire/blank-event.ts';
import { ENTER, EXIT, SPAN } from '../../../shared/wire/frames.ts';
import { FOREIGN, type LogReader, type ReaderContext, TAKEN, type Verdict } from '../reader.ts';

const REQUEST = /^\[(\d{5,})\] ([A-Z_]+)$/;
const ANSWER = /^ {2}\[(\d{5,})\]\s+([A-Z_]+)\s+(\d+)bytes \((\d+)ms\)$/;
const OPS: Readonly<Record<string, string>> = {
  INIT: 'init',
  OPEN: 'open',
  CLOSE: 'release',
  READ: 'read',
  WRITE: 'write',
  LSTAT: 'getattr',
  STAT: 'getattr',
  FSTAT: 'getattr',
  SETSTAT: 'setattr',
  FSETSTAT: 'setattr',
  OPENDIR: 'opendir',
  READDIR: 'readdir',
  REMOVE: 'unlink',
  MKDIR: 'mkdir',
  RMDIR: 'rmdir',
  REALPATH: 'lookup',
  RENAME: 'rename',
  READLINK: 'readlink',
  SYMLINK: 'symlink',
  LINK: 'link',
  EXTENDED: 'ioctl',
};
const DATA_HEAD_BYTES = 13;

export class SshfsReader implements LogReader {
  readonly #context: ReaderContext;
  readonly #timed = new Map<string, { op: number; tsUs: number }>();

  constructor(context: ReaderContext) {
    this.#context = context;
  }

  line(text: string): Verdict {
    const { clock, sink } = this.#context;
    const request = REQUEST.exec(text);
    if (request) {
      const [, number = '', name = ''] = request;
      const op = OPS[name];
      if (op === undefined) return `"${name}" is no request that is known`;
      const event = blankEvent(ENTER, opCode(op), Number(number), clock.arrival());
      if (op === 'ioctl' || op === 'lookup') event.args = { request: name };
      if (this.#timed.size < 100_000) this.#timed.set(number, { op: event.op, tsUs: event.tsUs });
      sink.event(event);
      return TAKEN;
    }
    const answer = ANSWER.exec(text);
    if (!answer)
      return /^\s*\[\d{5,}\]/.test(text)
        ? 'the line is cut'
        : /^(?:Extension|Server version|SSHFS version|executing|sent:|received:|\s+(?:min|max|avg|num))/.test(
              text,
            )
          ? TAKEN
          : FOREIGN;
    const [, number = '', kind = '', bytes = '0', ms = '0'] = answer;
    const open = this.#timed.get(number);
    this.#timed.delete(number);
    const live = clock.isLive;
    const event = blankEvent(
      live || !open ? EXIT : SPAN,
      open?.op ?? 0,
      Number(number),
      live ? clock.arrival() : (open?.tsUs ?? clock.arrival()),
    );
    event.args = { answer: kind };
    if (kind === 'DATA') event.bytes = Math.max(0, Number(bytes) - DATA_HEAD_BYTES);
    if (kind !== 'STATUS') event.errno = 0;
    if (!live && Number(ms) > 0) event.durNs = Number(ms) * 1e6;
    sink.event(event);
    return TAKEN;
  }
}
