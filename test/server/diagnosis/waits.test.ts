import { expect, it } from 'vitest';
import type { Operation } from '../../../server/diagnosis/snapshot.ts';
import { type Crew, type Wait, type Worker, workerOf } from '../../../server/diagnosis/waits.ts';

const T0 = 1e15;

function worker(tid: number, wait: Wait, sinceS: number): Worker {
  return {
    thread: {
      tid,
      comm: 'fs',
      state: 'S',
      wchan: null,
      syscall: null,
      stack: [],
      sinceUs: T0 + sinceS * 1e6,
      place: null,
    },
    wait,
  };
}

function operation(key: string, startS: number): Operation {
  return {
    key,
    spanId: null,
    mountId: 1,
    op: 'open',
    path: null,
    pid: null,
    tid: null,
    comm: null,
    startUs: T0 + startS * 1e6,
    ageMs: 0,
    picked: true,
    fault: null,
    before: false,
  };
}

const crew = (...strong: Worker[]): Crew => ({ idle: [], strong, weak: [] });

it('takes who waits for a lock to have begun after who holds it, whatever the clocks of their processors say', () => {
  const holder = worker(11, { kind: 'network', socket: null }, 9);
  const waiter = worker(12, { kind: 'mutex', owner: 11 }, 8);
  const [first, second] = [operation('a', 8), operation('b', 8.5)];
  const threads = crew(waiter, holder);
  expect(workerOf(threads, first, [first, second])).toBe(holder);
  expect(workerOf(threads, second, [first, second])).toBe(waiter);
});

it('leaves out a thread that slept before the operation began', () => {
  const reader = worker(11, { kind: 'pipe', link: 'pipe:[1]', socket: null }, 0);
  const stuck = worker(12, { kind: 'disk', place: null, frozen: false }, 100);
  const one = operation('a', 100);
  expect(workerOf(crew(reader, stuck), one, [one])).toBe(stuck);
});

it('has one thread stand for all where it alone is at work', () => {
  const reader = worker(11, { kind: 'network', socket: null }, 0);
  const [first, second] = [operation('a', 100), operation('b', 101)];
  expect(workerOf(crew(reader), second, [first, second])).toBe(reader);
});
