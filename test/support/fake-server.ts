// A server's end of the ingest socket, for tests of collectors: reads, checks the numbering, acknowledges at once.
// A process of its own, so that it can be stopped and killed. Arguments: SOCKET [LASTSEQ-FILE]; the file keeps what
// was acknowledged across restarts. Prints {"listening":true}, and its counts for each line on stdin: at once, or for
// the line "next" when more events or news of rules have come. A JSON object is sent to every mirror as CONTROL; the
// line "prompt" asks every collector to tell events soon.
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { opName } from '../../shared/ops.ts';
import { decodeBatch } from '../../shared/wire/batch-decoder.ts';
import type { WireFaults } from '../../shared/wire/faults.ts';
import { FrameReader } from '../../shared/wire/frame-reader.ts';
import {
  ackFrame,
  FRAME,
  type Hello,
  jsonFrame,
  MAGIC,
  type Pace,
  readJson,
  type WireLoss,
  type WireMount,
} from '../../shared/wire/frames.ts';

export interface FakeCounts {
  events: number;
  /** Events behind holes in the numbering. */
  missing: number;
  /** Events that came again after a reconnection. */
  repeated: number;
  lastSeq: number;
  connections: number;
  byes: number;
  /** Events that the collector said are missing. */
  lost: number;
  hellos: Hello[];
  mounts: WireMount[];
  ops: Record<string, number>;
  /** Ids that were entered and not ended. */
  open: number;
  /** What a mirror told about its rules, with all its answers so far. */
  faults: WireFaults | null;
  /** The newest events, as lines to look at. */
  latest: {
    kind: number;
    op: string;
    path: string | null;
    errno: number | null;
    args: unknown;
    [key: string]: unknown;
  }[];
}

const LATEST = 2000;
const [socketPath = '', seqFile = ''] = process.argv.slice(2);
const lastSeqs: Record<string, number> =
  seqFile !== '' && existsSync(seqFile)
    ? (JSON.parse(readFileSync(seqFile, 'utf8')) as Record<string, number>)
    : {};
const open = new Set<number | string>();
const counts: FakeCounts = {
  events: 0,
  missing: 0,
  repeated: 0,
  lastSeq: 0,
  connections: 0,
  byes: 0,
  lost: 0,
  hellos: [],
  mounts: [],
  ops: {},
  open: 0,
  faults: null,
  latest: [],
};

const sockets = new Set<Socket>();
/** Who asked to be told when there is more. */
let waiting = 0;
const tell = () => process.stdout.write(`${JSON.stringify({ ...counts, open: open.size })}\n`);

rmSync(socketPath, { force: true });
createServer((socket) => {
  counts.connections++;
  sockets.add(socket);
  socket.on('close', () => sockets.delete(socket));
  let instance = '';
  let greeted = false;
  const reader = new FrameReader((type, payload) => {
    if (type === FRAME.HELLO) {
      const hello = readJson<Hello>(payload);
      instance = hello.instance;
      counts.hellos.push(hello);
      socket.write(jsonFrame(FRAME.WELCOME, { v: 1, lastSeq: lastSeqs[instance] ?? 0 }));
    } else if (type === FRAME.MOUNT) {
      counts.mounts.push(readJson<WireMount>(payload));
    } else if (type === FRAME.LOSS) {
      counts.lost += readJson<WireLoss>(payload).count;
    } else if (type === FRAME.FAULTS) {
      const told = readJson<WireFaults>(payload);
      counts.faults = { ...told, answers: [...(counts.faults?.answers ?? []), ...told.answers] };
      for (; waiting > 0; waiting--) tell();
    } else if (type === FRAME.BYE) {
      counts.byes++;
    } else if (type === FRAME.EVENTS) {
      take(instance, payload);
      socket.write(ackFrame(lastSeqs[instance] ?? 0));
    }
  });
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => {
    if (greeted) return reader.push(chunk);
    greeted = true;
    if (chunk.toString('latin1', 0, MAGIC.length) !== MAGIC) throw new Error('no magic');
    reader.push(chunk.subarray(MAGIC.length));
  });
}).listen(socketPath, () => process.stdout.write('{"listening":true}\n'));

function take(instance: string, payload: Uint8Array): void {
  const batch = decodeBatch(payload);
  const before = lastSeqs[instance] ?? 0;
  counts.missing += Math.max(0, batch.firstSeq - before - 1);
  batch.events.forEach((event, index) => {
    if (batch.firstSeq + index <= before) {
      counts.repeated++;
      return;
    }
    counts.events++;
    if (event.kind === 1) open.add(event.id);
    else open.delete(event.id);
    const op = opName(event.op);
    if (event.kind !== 1) counts.ops[op] = (counts.ops[op] ?? 0) + 1;
    counts.latest.push({ ...event, op });
  });
  counts.latest.splice(0, counts.latest.length - LATEST);
  const lastSeq = Math.max(before, batch.firstSeq + batch.events.length - 1);
  lastSeqs[instance] = lastSeq;
  counts.lastSeq = lastSeq;
  for (; waiting > 0; waiting--) tell();
  if (seqFile === '') return;
  // Whole or not at all: this process gets killed.
  writeFileSync(`${seqFile}.new`, JSON.stringify(lastSeqs));
  renameSync(`${seqFile}.new`, seqFile);
}

process.stdin.on('data', (chunk: Buffer) => {
  for (const line of chunk.toString().split('\n').slice(0, -1)) {
    if (line === 'next') waiting++;
    else if (line === 'prompt')
      for (const one of sockets) one.write(jsonFrame(FRAME.PACE, { prompt: true } satisfies Pace));
    else if (line.startsWith('{'))
      for (const one of sockets) one.write(jsonFrame(FRAME.CONTROL, JSON.parse(line)));
    else tell();
  }
});
process.stdin.on('end', () => process.exit(0));
