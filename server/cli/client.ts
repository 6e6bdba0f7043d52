// How commands talk to a server: --server, --token, and errors that say what to do.
import { Command } from 'commander';
import type { ApiError } from '../../shared/api.ts';
import { CliError } from './failure.ts';

export interface ServerFlags {
  server: string;
  token?: string;
  json?: boolean;
}

/** A command with the options of everything that asks a server. */
export function serverCommand(name: string, example: string): Command {
  return new Command(name)
    .option('--server <url>', 'server to ask', process.env.FUSESCOPE_SERVER ?? 'http://127.0.0.1:7411')
    .option('--token <token>', 'token of that server (also FUSESCOPE_TOKEN)', process.env.FUSESCOPE_TOKEN)
    .addHelpText('after', `\nExample: ${example}`);
}

/** Headers every request carries. */
export function headersOf(flags: ServerFlags): Record<string, string> {
  return flags.token === undefined ? {} : { authorization: `Bearer ${flags.token}` };
}

/** @throws CliError where the server cannot be reached or refuses. */
export async function request(
  flags: ServerFlags,
  path: string,
  query: Record<string, string | undefined> = {},
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE' = 'GET',
  body?: object | ReadableStream,
): Promise<Response> {
  const url = serverUrl(flags, path);
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) url.searchParams.set(name, value);
  let response: Response;
  try {
    response = await fetch(url, { method, ...bodyOf(body, headersOf(flags)) });
  } catch (error) {
    const cause =
      error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new CliError(`no server at ${flags.server} (${cause}). Start one with "fusescope serve"`);
  }
  if (response.ok) return response;
  const answer = (await response.json().catch(() => null)) as ApiError | null;
  throw new CliError(
    `the server refused (${answer?.message ?? response.statusText}) [${answer?.code ?? response.status}]`,
  );
}

/** A stream goes as it is, anything else as JSON. */
function bodyOf(body: object | ReadableStream | undefined, headers: Record<string, string>): RequestInit {
  if (body === undefined) return { headers };
  const isStream = body instanceof ReadableStream;
  const type = isStream ? 'application/octet-stream' : 'application/json';
  const init: RequestInit & { duplex?: 'half' } = {
    headers: { ...headers, 'content-type': type },
    body: isStream ? body : JSON.stringify(body),
  };
  return isStream ? { ...init, duplex: 'half' } : init;
}

/** The answer to a GET. @throws CliError with what the server, or the way to it, says */
export async function getJson<T>(
  flags: ServerFlags,
  path: string,
  query?: Record<string, string | undefined>,
): Promise<T> {
  return (await (await request(flags, path, query)).json()) as T;
}

/** A POST, with a body or without. */
export async function postJson<T>(flags: ServerFlags, path: string, body?: object): Promise<T> {
  return (await (await request(flags, path, {}, 'POST', body)).json()) as T;
}

/** @throws CliError with status 2 for what is no URL. */
export function serverUrl(flags: ServerFlags, path: string): URL {
  if (!URL.canParse(path, flags.server))
    throw new CliError(`"${flags.server}" is no URL. Use http://HOST:PORT`, 2);
  return new URL(path, flags.server);
}
