// s3fs with -o dbglevel=info (s3fs-fuse src/s3fs.cpp): a line when an operation begins, none when it ends. So each is
// given up ("lost"): that it was asked for is known, how it went is not.
import { ENTER, LOST } from '../../../shared/wire/frames.ts';
import { problemOf } from '../problems.ts';
import {
  blank,
  FOREIGN,
  type LogReader,
  opOf,
  own,
  type ReaderContext,
  TAKEN,
  type Verdict,
} from '../reader.ts';
import { wide } from '../values.ts';

const LEVEL = /\s+\[(CRT|ERR|WAN|INF|DBG)\]\s+/y;
const CALL = /(?:\w+\.cpp):s3fs_(\w+)\(\d+\): ?(.*)$/y;
const FIELD = /\[(\w+)=([^\]]*)\]/g;

export class S3fsReader implements LogReader {
  readonly #context: ReaderContext;
  #nextId = 1;

  constructor(context: ReaderContext) {
    this.#context = context;
  }

  line(text: string, number: number): Verdict {
    const { clock, sink } = this.#context;
    if (!clock.read(text)) return FOREIGN;
    LEVEL.lastIndex = clock.end;
    const level = LEVEL.exec(text)?.[1];
    if (level === undefined) return FOREIGN;
    if (level === 'ERR' || level === 'CRT') {
      const problem = level === 'ERR' ? problemOf(text, number, clock.us) : null;
      if (problem) sink.problem(problem);
      return TAKEN;
    }
    CALL.lastIndex = LEVEL.lastIndex;
    const call = CALL.exec(text);
    const op = call ? opOf(call[1] ?? '') : null;
    if (!call || op === null || !call[2]?.startsWith('[')) return TAKEN;
    const event = blank(ENTER, op, this.#nextId++, clock.us);
    for (const [, key = '', value = ''] of call[2].matchAll(FIELD)) {
      if (key === 'path' || key === 'from') event.path = own(value);
      else if (key === 'to') event.newPath = own(value);
      else if (key === 'offset' && /^\d+$/.test(value)) event.offset = wide(value);
      else if (key === 'size' && /^\d+$/.test(value)) event.size = wide(value);
      else if (key === 'fd' && /^\d+$/.test(value)) event.fh = wide(value);
      else if (key === 'pid') {
        const [pid = '', uid = '', gid = ''] = value.split(/,(?:uid=|gid=)/);
        if (/^\d{1,9}$/.test(pid)) event.pid = Number(pid);
        if (/^\d{1,9}$/.test(uid)) event.uid = Number(uid);
        if (/^\d{1,9}$/.test(gid)) event.gid = Number(gid);
      } else if (key === 'mode' || key === 'flags') event.args = { ...event.args, [key]: own(value) };
    }
    sink.event(event);
    sink.event(blank(LOST, op, event.id, clock.us));
    return TAKEN;
  }
}
