// What a rule does to an operation: make it wait, answer in its place, or let it be done otherwise. Each operation is
// answered exactly once, whatever the rule says.
import { lstat } from 'node:fs';
import type { Call, Reply } from '../mirror/call.ts';
import { fsName } from '../mirror/names.ts';
import type { Binding, Request } from '../mirror/native.ts';
import { drawDelay } from './chance.ts';
import type { Faults } from './faults.ts';
import type { Rule } from './rule.ts';

/** An operation that a rule has taken. */
export interface Job {
  request: Request;
  /** As the C half hands them over, see Raw. */
  raw: readonly unknown[];
  call: Call;
  /** Does the operation as a mirror without rules does it. */
  run: (reply: Reply) => void;
  reply: Reply;
}

/** What effects reach beside the operation. */
export interface Surroundings {
  binding: Binding;
  faults: Faults;
  /** The source in bytes. */
  root: string;
  /** Ends the mirror as a daemon ends that crashes; the operation is never answered. */
  disconnect: (ruleId: string) => void;
}

const ENOENT = 2;
const ENOSPC = 28;
const STAT_BYTES = 256;
/** Paths of which a rule remembers attributes. */
const MAX_KNOWN = 10_000;
const NO_LIMIT = -1;

/** Does to an operation what its rule says. */
export function applyFault(around: Surroundings, rule: Rule, job: Job): void {
  const { delay, hang } = rule.given.effect;
  const { waits } = around.faults;
  const act = () => answer(around, rule, job);
  const hold = () => (hang ? waits.hang(rule.id, act) : act());
  if (delay) waits.delay(rule.id, drawDelay(delay, rule.random), hold);
  else hold();
}

function answer(around: Surroundings, rule: Rule, job: Job): void {
  const { effect } = rule.given;
  if (effect.disconnect) around.disconnect(rule.id);
  else if (rule.errno > 0) refuse(job, rule.errno);
  else if (effect.replay) replay(around, rule, job);
  else if (effect.stale) answerStale(around, rule, job, effect.stale.ms);
  else if (effect.listing) listSlowly(around, rule, job, effect.listing.perEntryMs);
  else if (effect.space && job.call.op !== 'write') allot(rule, job, effect.space.bytes);
  else if (job.call.op === 'read' || job.call.op === 'write') move(around, rule, job);
  else job.run(job.reply);
}

/** A release is done all the same: the kernel ignores its answer, and the file would stay open for ever. */
function refuse({ call, run, reply }: Job, errno: number): void {
  if (call.op === 'release' || call.op === 'releasedir') run(() => reply(-errno));
  else reply(-errno);
}

/** Answers as an operation of the trace was answered, and no sooner. */
function replay(around: Surroundings, rule: Rule, job: Job): void {
  const { call, run, reply } = job;
  const samples = rule.given.effect.replay?.samples[call.op];
  if (!samples) {
    run(reply);
    return;
  }
  const turn = rule.replayed.get(call.op) ?? 0;
  rule.replayed.set(call.op, turn + 1);
  const inOrder = rule.given.effect.replay?.order === 'in-order';
  const index = inOrder ? turn % samples.ns.length : Math.floor(rule.random() * samples.ns.length);
  const errno = samples.errno[index] ?? 0;
  const dueMs = call.startedMs + (samples.ns[index] ?? 0) / 1e6;
  const inTime = (then: () => void) =>
    around.faults.waits.delay(rule.id, Math.max(0, dueMs - performance.now()), then);
  if (errno > 0) inTime(() => refuse(job, errno));
  else run((result, fh) => inTime(() => reply(result, fh)));
}

/** Reads and writes: fewer bytes, other bytes, or no room for them. */
function move({ binding }: Surroundings, rule: Rule, { request, raw, call, reply }: Job): void {
  const { partial, corrupt, space } = rule.given.effect;
  const writes = call.op === 'write';
  const asked = call.size ?? 0;
  const data = raw[2] as Buffer;
  let limit = partial?.maxBytes ?? asked;
  if (writes && partial?.shortBy) limit = Math.max(0, asked - partial.shortBy);
  if (space && writes) {
    limit = Math.min(limit, Math.max(0, space.bytes - rule.written));
    if (limit === 0) {
      reply(-ENOSPC);
      return;
    }
    // Taken before it is written: others may be under way.
    rule.written += limit;
  }
  limit = Math.min(limit, asked);
  if (corrupt && writes) spoil(data, limit, corrupt.bytes, rule.random);
  binding.fuse_native_backing(
    request,
    (result) => {
      if (space && writes) rule.written -= limit - Math.max(0, result);
      let moved = result;
      if (!writes && result > 0) {
        if (partial?.shortBy) moved = Math.max(0, result - partial.shortBy);
        if (corrupt) spoil(data, moved, corrupt.bytes, rule.random);
      }
      reply(moved);
    },
    limit,
  );
}

function spoil(data: Buffer, length: number, count: number, random: () => number): void {
  for (let i = 0; i < count && length > 0; i++) {
    const at = Math.floor(random() * length);
    data[at] = (data[at] ?? 0) ^ (1 + Math.floor(random() * 255));
  }
}

/** Everything else that takes room. */
function allot(rule: Rule, { call, run, reply }: Job, budget: number): void {
  const wanted = call.op === 'fallocate' ? (call.size ?? 0) : 0;
  const left = budget - rule.written;
  if (left <= 0 || wanted > left) {
    reply(-ENOSPC);
    return;
  }
  rule.written += wanted;
  run((result, fh) => {
    if (result < 0) rule.written -= wanted;
    reply(result, fh);
  });
}

/** Answers getattr as it was, up to so long ago; what is younger than that is not there yet. */
function answerStale(
  { binding, root }: Surroundings,
  rule: Rule,
  { request, raw, run, reply }: Job,
  ms: number,
): void {
  const path = String(raw[0]);
  const known = rule.known.get(path);
  if (known && performance.now() - known.atMs < ms) {
    binding.fuse_native_attributes(request, known.attributes, 1);
    reply(known.result);
    return;
  }
  const keep = (result: number) => {
    const attributes = Buffer.alloc(STAT_BYTES);
    binding.fuse_native_attributes(request, attributes, 0);
    if (rule.known.size >= MAX_KNOWN) rule.known.clear();
    rule.known.set(path, { attributes, result, atMs: performance.now() });
    reply(result);
  };
  run((result) => {
    if (known || result !== 0) return keep(result);
    lstat(fsName(root + path), (error, stats) => {
      if (!error && Date.now() - stats.birthtimeMs < ms) reply(-ENOENT);
      else keep(result);
    });
  });
}

function listSlowly(
  { binding, faults }: Surroundings,
  rule: Rule,
  { request, reply }: Job,
  perEntryMs: number,
): void {
  binding.fuse_native_backing(
    request,
    (result, entries) => faults.waits.delay(rule.id, entries * perEntryMs, () => reply(result)),
    NO_LIMIT,
  );
}
