// Spans as a busy machine makes them: eight mounts, the usual mix of operations, 20,000 files, latencies of three
// orders of magnitude. The same every time.
import { blankSpan, type Span } from '../../shared/span.ts';

const OPS = ['lookup', 'getattr', 'open', 'read', 'read', 'read', 'write', 'flush', 'release', 'readdirplus'];
const COMMS = ['rsync', 'cat', 'git', 'node', 'find', 'tar'];
const PATHS = Array.from({ length: 20_000 }, (_, i) => `/srv/data/${i % 97}/project-${i % 13}/file-${i}.dat`);

/** Fills the fields of span `id`, which began at `startUs`. One object can be filled again and again. */
export function fill(span: Span, id: number, startUs: number): Span {
  const mix = Math.imul(id, 0x9e3779b1) >>> 0;
  const op = OPS[mix % 10] ?? 'read';
  const moves = op === 'read' || op === 'write';
  span.id = id;
  span.mountId = 1 + ((mix >>> 8) % 8);
  span.mount = `/mnt/m${span.mountId}`;
  span.op = op;
  span.state = 'done';
  span.startUs = startUs;
  span.durationNs = Math.round(20_000 * 1_000 ** ((((mix >>> 4) % 10_000) / 10_000) ** 3));
  span.errno = mix % 50 === 0 ? 2 : mix % 997 === 0 ? 5 : 0;
  span.error = span.errno === 2 ? 'ENOENT' : span.errno === 5 ? 'EIO' : null;
  span.path = PATHS[(mix >>> 6) % PATHS.length] ?? '/';
  span.unique = id * 2;
  span.nodeid = 1 + ((mix >>> 6) % PATHS.length);
  span.fh = moves ? mix % 64 : null;
  span.offset = moves ? (mix % 4_096) * 131_072 : null;
  span.size = moves ? 131_072 : null;
  span.bytes = moves ? 131_072 : null;
  span.pid = 1_000 + (mix % 40);
  span.tid = span.pid;
  span.uid = 1_000;
  span.gid = 1_000;
  span.comm = COMMS[mix % COMMS.length] ?? 'cat';
  return span;
}

export function blank(): Span {
  return blankSpan(0, 1, '/mnt/m1', 'mirror', 'read');
}
