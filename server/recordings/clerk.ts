// The clerk: a thread that does one task with a file of a recording, and ends.
import { parentPort, workerData } from 'node:worker_threads';
import { CodedError } from '../errors.ts';
import type { FromClerk } from './clerk-client.ts';
import { TASKS, type Task } from './tasks.ts';

if (!parentPort) throw new Error('clerk.ts is started as a worker');

function perform(task: Task): FromClerk {
  try {
    const work = TASKS[task.kind] as (task: Task) => unknown;
    return { answer: work(task) };
  } catch (error) {
    const code = error instanceof CodedError ? error.code : 'FUSESCOPE_STORE';
    return { code, message: error instanceof Error ? error.message : String(error) };
  }
}

parentPort.postMessage(perform(workerData as Task));
