// The HTTP interface as the page uses it: one function, coded errors. Answers are typed by shared/api.ts.
import type { ApiError } from '../../shared/api.ts';
import { isRecorded, recordingId } from '../url/recording.ts';

/** What the server answered instead of what was asked for. `message` says what, why and what to do. */
export class RequestError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(error: ApiError) {
    super(error.message);
    this.code = error.code;
    this.status = error.statusCode;
  }
}

/** Nobody was there. */
export const noAnswer = () =>
  new RequestError({
    statusCode: 0,
    code: 'FUSESCOPE_NO_ANSWER',
    message: 'The server did not answer. It may have ended; the page tries again by itself.',
  });

type Query = Readonly<Record<string, string | number | null | undefined>>;

/** Path and query of an endpoint; empty and absent values are left out. */
export function apiUrl(path: string, query: Query = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') params.set(name, String(value));
  }
  if (recordingId !== null && isRecorded(path) && !params.has('recording'))
    params.set('recording', String(recordingId));
  const search = params.toString();
  return search === '' ? `/api${path}` : `/api${path}?${search}`;
}

/** @throws RequestError with the server's code, or FUSESCOPE_NO_ANSWER where there was none. */
export async function apiGet<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
  return ask<T>(apiUrl(path, query), signal ? { signal } : {});
}

/** @throws RequestError as `apiGet`. */
export async function apiPost<T>(path: string, body?: unknown): Promise<T> {
  return send<T>('POST', path, body);
}

/** @throws RequestError as `apiGet`. */
export async function apiPatch<T>(path: string, body: unknown): Promise<T> {
  return send<T>('PATCH', path, body);
}

/** @throws RequestError as `apiGet`. */
export async function apiPut<T>(path: string, body: unknown): Promise<T> {
  return send<T>('PUT', path, body);
}

/** @throws RequestError as `apiGet`. */
export async function apiDelete<T>(path: string, query?: Query): Promise<T> {
  return send<T>('DELETE', path, undefined, query);
}

/** What a recording shows is over: nothing in it can be changed any more, only recordings themselves. */
async function send<T>(method: string, path: string, body: unknown, query?: Query): Promise<T> {
  if (recordingId !== null && !/^\/(recordings|import)\b/.test(path)) {
    throw new RequestError({
      statusCode: 0,
      code: 'FUSESCOPE_RECORDING',
      message: 'This is a recording: what it shows is over. Go live to act on what is mounted now.',
    });
  }
  const init: RequestInit = { method };
  if (body !== undefined) {
    init.headers = { 'content-type': 'application/json' };
    init.body = JSON.stringify(body);
  }
  return ask<T>(apiUrl(path, query), init);
}

async function ask<T>(url: string, init: RequestInit): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(url, init);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw noAnswer();
  }
  if (answer.ok) return (answer.status === 204 ? null : await answer.json()) as T;
  throw errorOf(answer.status, answer.statusText, await answer.text());
}

/** What an answer that is none says, whoever gave it. */
export function errorOf(status: number, statusText: string, body: string): RequestError {
  try {
    const { message, code } = JSON.parse(body) as Partial<ApiError>;
    if (typeof message === 'string' && typeof code === 'string')
      return new RequestError({ statusCode: status, code, message });
  } catch {
    // No JSON: something between the page and the server answered.
  }
  const message = `The server answered ${status} ${statusText}.`;
  return new RequestError({ statusCode: status, code: 'FUSESCOPE_HTTP', message });
}
