// Workers are started by the name of their file, which ends in .ts in a checkout and in .js in the package.
import { Worker } from 'node:worker_threads';

/** Starts the worker of a TypeScript file, or what was emitted from it. */
export function startWorker(source: URL, workerData: unknown): Worker {
  const emitted = import.meta.url.endsWith('.js');
  const file = emitted ? new URL(source.href.replace(/\.ts$/, '.js')) : source;
  return new Worker(file, { workerData, execArgv: [] });
}
