// Causes from one snapshot each, with nothing running: those of which no real daemon is at hand, and the narrow cases.
import { describe, expect, it } from 'vitest';
import { heldBack } from '../../../server/diagnosis/held-back.ts';
import type { FaultState } from '../../../shared/fault.ts';
import {
  asking,
  CALLER,
  call,
  DAEMON,
  diagnosisOf,
  idle,
  mount,
  NOW_US,
  operation,
  process,
  snapshot,
  thread,
} from './snapshots.ts';

const free = process(DAEMON, 'fs', [idle(DAEMON), idle(DAEMON + 1)]);

describe('congested', () => {
  const reads = [1, 2].map((n) => operation('read', { tid: CALLER + n, path: `/${n}` }));
  const busy = process(DAEMON, 'fs', [thread(DAEMON, { state: 'R' }), idle(DAEMON + 1)]);

  it('is what the kernel counts beyond what it lets through', () => {
    const at = snapshot(reads, [busy], { mounts: [mount({ waiting: 9, maxBackground: 2 })] });
    const { cause, hints } = diagnosisOf(at);
    expect(cause).toMatchObject({ kind: 'congested', confidence: 'likely', culprit: { pid: DAEMON } });
    expect(cause.text).toContain('2 requests in hand');
    expect(cause.text).toContain('7 more wait');
    expect(hints.map((one) => one.action)).toEqual(['abort']);
  });

  it.each([
    ['fewer are in hand than may be', mount({ waiting: 9, maxBackground: 12 })],
    ['all that wait are in hand', mount({ waiting: 2, maxBackground: 2 })],
    ['nobody sees what is in hand', mount({ waiting: 9, maxBackground: 2, unseen: 'not attached' })],
    ['the kernel’s counters cannot be read', mount({ waiting: null, maxBackground: null })],
  ])('is not said where %s', (_why, at) => {
    expect(diagnosisOf(snapshot(reads, [busy], { mounts: [at] })).cause.kind).not.toBe('congested');
  });
});

describe('a request that the daemon has put aside', () => {
  it.each(['read', 'poll', 'ioctl'])('waits for data where it is a %s', (op) => {
    const { cause } = diagnosisOf(snapshot([operation(op)], [free]));
    expect(cause).toMatchObject({ kind: 'waiting-for-data', confidence: 'likely', culprit: { pid: DAEMON } });
    expect(cause.advice).toContain('longer threshold');
  });

  it('waits behind somebody else where it asks for a lock', () => {
    const { cause } = diagnosisOf(snapshot([operation('setlkw')], [free]));
    expect(cause).toMatchObject({ kind: 'waiting-behind', confidence: 'likely' });
    expect(cause.advice).toContain('lslocks');
  });

  it('is only possibly so where nobody can tell whether it was taken', () => {
    const { cause, limits } = diagnosisOf(snapshot([operation('read', { picked: null })], [free]));
    expect(cause).toMatchObject({ kind: 'waiting-for-data', confidence: 'possible' });
    expect(limits.join()).toContain('BPF tap');
  });

  it('has no known reason where it is anything else', () => {
    const { cause } = diagnosisOf(snapshot([operation('getattr')], [free]));
    expect(cause).toMatchObject({ kind: 'unknown', confidence: 'possible' });
    expect(cause.text).toContain('as if it were answered');
  });
});

describe('waiting behind', () => {
  it('joins threads without a request of their own to the operation that holds what they wait for', () => {
    const behind = (tid: number, path: string, frame: string) =>
      process(tid, 'ls', [
        thread(tid, { state: 'D', wchan: frame, syscall: call('openat', { paths: [path] }), stack: [frame] }),
      ]);
    const at = snapshot(
      [operation('lookup', { path: '/dir/a' })],
      [
        process(DAEMON, 'fs', [thread(DAEMON, { state: 'T' })]),
        behind(1001, '/mnt/x/dir/a', 'd_alloc_parallel'),
        behind(1002, '/mnt/x/dir', 'iterate_dir'),
        behind(1003, '/mnt/x/dir/a', 'folio_wait_bit_common'),
        // On another file system, or in no call that names a place: not ours.
        behind(1004, '/home/a', 'rwsem_down_read_slowpath'),
      ],
    );
    const { cause, waiters, waiting, affected } = diagnosisOf(at);
    expect(cause.kind).toBe('daemon-stopped');
    expect(waiters.map(({ pid, spanId, why }) => [pid, spanId === null, why])).toEqual([
      [CALLER, false, 'its own request'],
      [1001, true, 'the same look-up'],
      [1002, true, 'a lock of the folder'],
      [1003, true, 'the same page of the file'],
    ]);
    expect([waiting, affected.length]).toEqual([4, 4]);
  });
});

describe('fault-injected', () => {
  const fault = { rule: 'slow-disk', effect: 'hang until released', releasable: true };

  it('is told of the kernel’s half of a mirror’s operation too', () => {
    const mirror = mount({ mountId: 2, kind: 'mirror' });
    const at = snapshot(
      [operation('read', { picked: true }), operation('read', { mountId: 2, fault })],
      [process(DAEMON, 'fs', [thread(DAEMON, { state: 'S' })])],
      { mounts: [mount(), mirror] },
    );
    const { cause, hints } = diagnosisOf(at);
    expect(cause).toMatchObject({
      kind: 'fault-injected',
      confidence: 'certain',
      culprit: { kind: 'fault', name: 'slow-disk' },
    });
    expect(hints).toMatchObject([{ action: 'release', fault: 'slow-disk' }]);
  });

  it('offers no release of what goes on by itself', () => {
    const later = { ...fault, effect: 'wait 1 min', releasable: false };
    const { cause, hints } = diagnosisOf(snapshot([operation('read', { fault: later })], [free]));
    expect(hints).toEqual([]);
    expect(cause.advice).toContain('fusescope faults off /mnt/x slow-disk');
  });

  it.each<[string, Partial<FaultState>, number, boolean | null]>([
    ['hangs', { effect: { hang: {} }, held: 1 }, 9_000, true],
    ['hung, and was released', { effect: { hang: {} } }, 9_000, null],
    ['waits out its delay', { effect: { delay: { kind: 'uniform', minMs: 1, maxMs: 9_000 } } }, 8_000, false],
    ['is past its delay', { effect: { delay: { kind: 'fixed', ms: 2_000 } } }, 8_000, null],
    ['is replayed', { effect: { replay: { samples: {} } } }, 8_000, false],
    ['would only fail', { effect: { errno: 'EIO' } }, 8_000, null],
    ['is touched by a rule that is off', { effect: { hang: {} }, held: 1, enabled: false }, 9_000, null],
  ])('of an operation that %s', (_what, fields, ageMs, releasable) => {
    const rule = { id: 'r', enabled: true, held: 0, effect: {}, ...fields } as FaultState;
    expect(heldBack('r', ageMs, [rule])?.releasable ?? null).toBe(releasable);
    expect(heldBack('other', ageMs, [rule])).toBeNull();
  });
});

describe('self-deadlock', () => {
  const own = '/mnt/x/own';
  const child = (ppid: number) => process(800, 'helper', [asking(800, own)], { ppid });
  const inner = operation('open', { path: '/own', pid: 800, tid: 800, comm: 'helper', picked: false });

  it('through a child that the daemon waits for', () => {
    const daemon = process(DAEMON, 'fs', [thread(DAEMON, { wchan: 'do_wait', syscall: call('wait4') })]);
    const { cause, cycle } = diagnosisOf(snapshot([operation('open'), inner], [daemon, child(DAEMON)]));
    expect(cause).toMatchObject({
      kind: 'self-deadlock',
      confidence: 'likely',
      culprit: { pid: 800, tid: 800 },
    });
    expect(cause.text).toMatch(/^fs \(700\) waits for helper \(800\), which asks for an open of own/);
    expect(cycle).not.toBeNull();
  });

  it('through an ancestor whose answer it reads from a pipe', () => {
    const reading = call('read', { fd: 0, target: 'pipe:[77]' });
    const daemon = process(DAEMON, 'fs', [thread(DAEMON, { wchan: 'pipe_read', syscall: reading })], {
      ppid: 800,
      pipes: ['pipe:[77]'],
    });
    const { cause } = diagnosisOf(snapshot([operation('open'), inner], [daemon, child(1)]));
    expect(cause).toMatchObject({ kind: 'self-deadlock', culprit: { pid: 800 } });
  });

  it.each([
    ['a child that it does not wait for', call('nanosleep'), [child(DAEMON)]],
    ['a process that is no relative of it', call('wait4'), [child(1)]],
  ])('is not said of %s', (_who, syscall, others) => {
    const daemon = process(DAEMON, 'fs', [thread(DAEMON, { wchan: 'do_something', syscall })]);
    const { cause } = diagnosisOf(snapshot([operation('open'), inner], [daemon, ...others]));
    expect(cause.kind).not.toBe('self-deadlock');
  });

  it('is not said while another thread is free to take the request', () => {
    const daemon = process(DAEMON, 'fs', [asking(DAEMON, own), idle(DAEMON + 1)]);
    const request = operation('open', { path: '/own', pid: DAEMON, tid: DAEMON, picked: false });
    const { cause } = diagnosisOf(snapshot([operation('open'), request], [daemon]));
    expect(cause.kind).not.toBe('self-deadlock');
  });
});

describe('a daemon that has ended, and whose device a child of it has', () => {
  const former = { pid: DAEMON, comm: 'fs' };
  const mounts = [mount({ daemon: { pid: 701, comm: 'fs' }, former })];
  const heir = (syscall: string) =>
    process(701, 'fs', [thread(701, { syscall: call(syscall) })], { connections: [42] });

  it.each([
    ['waits in the queue', false, 'certain'],
    ['was taken by a thread that the signal had woken', true, 'likely'],
  ])('is dead where the request %s', (_how, picked, confidence) => {
    const { cause, hints } = diagnosisOf(
      snapshot([operation('getattr', { picked })], [heir('pause')], { mounts }),
    );
    expect(cause).toMatchObject({ kind: 'daemon-dead', confidence, culprit: { pid: DAEMON } });
    expect(cause.text).toContain('fs (701) keeps its connection open');
    expect(hints.map((one) => one.action)).toEqual(['abort', 'unmount']);
  });

  it('is at work where its successor waits for something in the request’s name', () => {
    const working = heir('read');
    const [only] = working.threads;
    if (only) only.syscall = call('read', { fd: 4, target: 'pipe:[9]' });
    const { cause } = diagnosisOf(snapshot([operation('getattr')], [working], { mounts }));
    expect(cause.kind).not.toBe('daemon-dead');
  });
});

describe('unknown', () => {
  it('says that nobody is known to answer', () => {
    const at = snapshot([operation('getattr')], [], { mounts: [mount({ daemon: null })] });
    const { cause, limits } = diagnosisOf(at);
    expect(cause).toMatchObject({ kind: 'unknown', culprit: { kind: 'none', mountId: 1 } });
    expect(cause.text).toBe('Who answers for /mnt/x is not known.');
    expect(limits[0]).toContain('sudo npx fusescope doctor');
  });

  it('says what the daemon is in, where that tells nothing', () => {
    const spin = process(DAEMON, 'fs', [thread(DAEMON, { state: 'R', syscall: null })]);
    expect(diagnosisOf(snapshot([operation('getattr')], [spin])).cause.text).toBe(
      'fs (700) has it, and is running.',
    );
  });

  it('says that it cannot see without root, and the command that would show it', () => {
    const bare = process(DAEMON, 'fs', [thread(DAEMON)]);
    const at = snapshot([operation('getattr', { picked: null })], [bare], {
      mounts: [mount({ waiting: null, maxBackground: null })],
      unread: [{ pid: DAEMON, why: 'denied' }],
    });
    const { cause, limits } = diagnosisOf(at);
    expect(cause.text).toBe('What fs (700) does cannot be seen without root.');
    expect(limits).toEqual([
      "what fs (700) waits for, which is for root to see: sudo sh -c 'grep -H . /proc/700/task/*/wchan /proc/700/task/*/stack'",
      'how many requests the kernel counts: sudo mount -t fusectl none /sys/fs/fuse/connections',
      'whether the daemon has taken the request: that takes the BPF tap; npx fusescope doctor says what it needs',
    ]);
  });

  it('says that reading it hangs, with what was left out', () => {
    const at = snapshot([operation('getattr')], [process(DAEMON, 'fs', [])], {
      unread: [{ pid: DAEMON, why: 'hung' }],
      left: ['3 further threads that wait'],
    });
    const { cause, limits } = diagnosisOf(at);
    expect(cause.text).toBe('What fs (700) does cannot be seen now: reading it does not return.');
    expect(limits[0]).toContain('reading it did not return');
    expect(limits.at(-1)).toBe('3 further threads that wait');
  });

  it('keeps to what began before anybody listened', () => {
    const { earliestUs } = diagnosisOf(snapshot([operation('getattr', { before: true })], [free]));
    expect(earliestUs).toBe(NOW_US - 5e6);
  });
});
