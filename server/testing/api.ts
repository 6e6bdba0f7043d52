// How the testing kit talks to a server: the HTTP requests it needs, and errors that name the request.
import type { ApiError } from '../../shared/api.ts';

export interface ServerAddress {
  /** http://HOST:PORT */
  url: string;
  token: string | null;
}

/** What a server refused, with its own code. */
export class RequestError extends Error {
  override name = 'RequestError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** A request with a JSON body, answered with JSON; null for an empty answer. @throws RequestError */
export async function call<T>(
  { url, token }: ServerAddress,
  method: 'GET' | 'POST' | 'DELETE' | 'PATCH',
  path: string,
  { query = {}, body }: { query?: Record<string, string>; body?: unknown } = {},
): Promise<T> {
  const target = new URL(path, url);
  for (const [name, value] of Object.entries(query)) target.searchParams.set(name, value);
  const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
  if (body !== undefined) headers['content-type'] = 'application/json';
  const response = await fetch(target, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
  }).catch((error: Error) => {
    const why = error.cause instanceof Error ? error.cause.message : error.message;
    throw new RequestError('FUSESCOPE_NO_SERVER', `no server at ${url} (${why}). Start one: fusescope serve`);
  });
  const text = await response.text();
  if (!response.ok) {
    const answer = parsed(text) as ApiError | null;
    throw new RequestError(
      answer?.code ?? `HTTP ${response.status}`,
      `${method} ${path}: ${answer?.message ?? text.slice(0, 200)}`,
    );
  }
  return parsed(text) as T;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
