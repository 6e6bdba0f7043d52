// Starting and ending the store's threads.
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { CodedError } from '../errors.ts';
import type { Place } from './place.ts';
import type { FromReader, FromWriter, WriterOptions } from './protocol.ts';
import type { RetentionLimits } from './retention.ts';

const CLOSE_MS = 10_000;

/** Starts the worker of a TypeScript file in a checkout, or what was emitted from it in the package. */
export function startWorker(source: URL, workerData: unknown): Worker {
  const emitted = import.meta.url.endsWith('.js');
  const file = emitted ? new URL(source.href.replace(/\.ts$/, '.js')) : source;
  return new Worker(file, { workerData, execArgv: [] });
}

/** Room for new objects in a thread that reads, MiB: thousands of spans are alive at a time while they are exported. */
const READER_YOUNG_MIB = 8;

/** Starts a thread that reads. Threads that are started before it is online may get as much room as it. */
export function startReader(): Worker {
  // V8 reads it when a thread's heap is made, and Node has no other way to say it.
  setFlagsFromString(`--min-semi-space-size=${READER_YOUNG_MIB}`);
  const worker = startWorker(new URL('./reader.ts', import.meta.url), null);
  worker.once('online', () => setFlagsFromString('--min-semi-space-size=0'));
  return worker;
}

/** Starts the thread that writes. @param again in place of one of the same server that has ended by itself */
export function startWriter(place: Place, { maxBytes, maxAgeS }: RetentionLimits, again: boolean): Worker {
  const workerData = { file: place.file, named: place.named, maxBytes, maxAgeS, again };
  return startWorker(new URL('./writer.ts', import.meta.url), workerData satisfies WriterOptions);
}

/** Asks a worker to end, and waits until it has; not for ever, since its disk may hang. */
export async function ended(worker: Worker, ask: () => void): Promise<void> {
  // A thread that has ended has no number any more.
  if (worker.threadId === -1) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  worker.once('exit', () => resolve());
  const timer = setTimeout(resolve, CLOSE_MS);
  ask();
  await promise;
  clearTimeout(timer);
}

/** The first message of a worker, where `read` takes it; else its refusal as an error. */
export function firstMessage<M extends FromWriter | FromReader, T>(
  worker: Worker,
  read: (message: M) => T | null,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const listen = (message: M) => {
      worker.off('error', reject);
      const value = read(message);
      if (value !== null) resolve(value);
      else if (message.type === 'refused') reject(new CodedError(message.code, message.message));
    };
    worker.once('message', listen);
    worker.once('error', reject);
  });
}
