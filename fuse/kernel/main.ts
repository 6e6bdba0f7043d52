// The kernel collector: finds the FUSE mounts of this machine and listens to those it is told to. Started by the server;
// takes its policy and questions as JSON lines on standard input, prints its state and answers as JSON lines, ends when its
// input does.
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { WIRE_VERSION } from '../../shared/wire/frames.ts';
import { Emitter } from '../emitter/emitter.ts';
import { watchParent } from '../mirror/watch.ts';
import { startBpfTap } from './bpf-tap.ts';
import { Collector } from './collector.ts';
import { parseLine } from './lines.ts';
import { type TapKind, TapSupervisor } from './supervisor.ts';
import { clearOld, findTracefs } from './tracefs/instance.ts';
import { startTracefsTap } from './tracefs/tap.ts';

const STATE_MS = 1000;
/** What all mounts together do in some seconds in which the server does not listen: 80,000 requests/s at most. */
const RING = { ringBatches: 1_024, ringBytes: 64 * 1024 * 1024 };

const { values } = parseArgs({
  options: {
    socket: { type: 'string', default: '' },
    'die-with-parent': { type: 'boolean', default: false },
    /** A process of our own; its operations are not told. */
    'own-pid': { type: 'string', multiple: true, default: [] },
    /** The best tap to use: bpf, tracefs or proc. */
    tap: { type: 'string', default: 'bpf' },
    /** Of tracefs, for each processor. */
    'buffer-kb': { type: 'string' },
  },
});

// Law 1: no working directory of ours on a mount.
process.chdir('/');
process.title = 'fusescope watch';

const ownPids = new Set([process.pid, ...values['own-pid'].map(Number)]);

/** Best first. */
const KINDS: readonly TapKind[] = [
  {
    tier: 'bpf',
    start: (events) =>
      startBpfTap(
        {
          ownPids,
          onExcluded: (count) => collector.exclude(count),
          onMountsChanged: () => collector.look(),
        },
        events,
      ),
  },
  {
    tier: 'tracefs',
    start: (events) =>
      startTracefsTap(
        { bufferKb: values['buffer-kb'] === undefined ? null : Number(values['buffer-kb']) },
        events,
      ),
  },
];

// What a killed one has left, also where this one will not listen through tracefs.
const tracefs = findTracefs();
if (tracefs !== null) clearOld(tracefs);

const emitter = new Emitter({
  socketPath: values.socket,
  hello: {
    v: WIRE_VERSION,
    instance: randomUUID(),
    kind: 'kernel',
    pid: process.pid,
    comm: 'fusescope',
    host: hostname(),
  },
  mounts: [],
  ...RING,
});
const best = KINDS.findIndex((kind) => kind.tier === values.tap);
const taps = new TapSupervisor(best < 0 ? [] : KINDS.slice(best), {
  record: (record) => collector.record(record),
  name: (name) => collector.name(name),
  loss: (loss) => collector.loss(loss),
  changed: () => {
    collector.apply();
    tell();
  },
});
const collector = new Collector({ emitter, taps, ownPids });

let ending = false;
async function end(status: number): Promise<void> {
  if (ending) return process.exit(status || 1);
  ending = true;
  collector.close();
  await taps.close();
  await emitter.close();
  process.exit(status);
}

let told = '';
/** Prints the state where it has changed. */
function tell(): void {
  const state = JSON.stringify({
    tier: taps.tap?.tier ?? 'proc',
    reason: taps.reason,
    excluded: collector.excluded,
  });
  if (state === told) return;
  told = state;
  process.stdout.write(`${state}\n`);
}

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function crash(error: unknown): void {
  process.stderr.write(
    `fusescope: the kernel collector ends (${error instanceof Error ? (error.stack ?? error.message) : error})\n`,
  );
  void end(1);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end(0));
process.on('uncaughtException', crash);
process.on('unhandledRejection', crash);
// The server has gone: so do we, and nobody reads what we say.
process.stdout.on('error', () => void end(0));
if (values['die-with-parent']) watchParent(() => void end(0));

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const { policy, question } = parseLine(line);
    if (policy) collector.policy = policy;
    if (question) void collector.answer(question).then(print);
  })
  .on('close', () => void end(0));
collector.start();
setInterval(() => {
  collector.tick();
  tell();
}, STATE_MS);
await taps.start();
