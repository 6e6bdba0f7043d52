// The reader thread as the main thread sees it: questions and their answers.
import type { Worker } from 'node:worker_threads';
import { CodedError } from '../errors.ts';
import type { FromReader, Query, ToReader } from './protocol.ts';

interface Asked {
  resolve: (answer: unknown) => void;
  reject: (error: Error) => void;
}

export class ReaderClient {
  worker: Worker;
  private readonly asked = new Map<number, Asked>();
  private next = 1;
  /** Why nobody answers; null while somebody does. */
  private gone: Error | null = null;

  constructor(worker: Worker) {
    this.worker = worker;
  }

  /** Questions go to another thread from now on; who answers them hands the answers to `receive`. */
  use(worker: Worker): void {
    this.worker = worker;
    this.gone = null;
  }

  ask<T>(query: Query): Promise<T> {
    if (this.gone !== null) return Promise.reject(this.gone);
    const number = this.next++;
    return new Promise<T>((resolve, reject) => {
      this.asked.set(number, { resolve: resolve as (answer: unknown) => void, reject });
      this.post({ type: 'query', number, query });
    });
  }

  post(message: ToReader): void {
    this.worker.postMessage(message);
  }

  /** The thread has ended: nothing is answered any more, until there is another one to use. */
  end(error: Error): void {
    this.gone = error;
    this.rejectAll(error);
  }

  /** Whether the thread has ended. */
  get ended(): boolean {
    return this.gone !== null;
  }

  /** Ends every question that has no answer yet. */
  rejectAll(error: Error): void {
    for (const { reject } of this.asked.values()) reject(error);
    this.asked.clear();
  }

  receive(message: FromReader): void {
    if (message.type !== 'answer' && message.type !== 'error') return;
    const asked = this.asked.get(message.number);
    this.asked.delete(message.number);
    if (message.type === 'answer') asked?.resolve(message.answer);
    else asked?.reject(new CodedError(message.code, message.message));
  }
}
