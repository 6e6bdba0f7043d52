// Asks the clerk. A thread for each task: they are rare, and a disk that hangs holds up none but its own.
import { CodedError, type ErrorCode } from '../errors.ts';
import { startWorker } from '../store/workers.ts';
import type { Task, TaskAnswers } from './tasks.ts';

export type FromClerk = { answer: unknown } | { code: ErrorCode; message: string };

/** @throws CodedError with what went wrong */
export function askClerk<K extends Task['kind']>(task: Extract<Task, { kind: K }>): Promise<TaskAnswers[K]> {
  const worker = startWorker(new URL('./clerk.ts', import.meta.url), task);
  return new Promise((resolve, reject) => {
    worker.once('message', (message: FromClerk) => {
      if ('answer' in message) resolve(message.answer as TaskAnswers[K]);
      else reject(new CodedError(message.code, message.message));
    });
    worker.once('error', reject);
    worker.once('exit', () =>
      reject(new CodedError('FUSESCOPE_STORE', 'the thread for recordings ended early')),
    );
  });
}
