// Workers are started by the name of their file, which ends in .ts in a checkout and in .js in the package.
import { Worker } from 'node:worker_threads';

/** Starts `./<name>` beside this file. */
export function startWorker(name: 'writer' | 'reader', workerData: unknown): Worker {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new Worker(new URL(`./${name}.${extension}`, import.meta.url), {
    workerData,
    execArgv: [],
    name: `store-${name}`,
  });
}
