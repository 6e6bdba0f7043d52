// A POST whose body flows, however long it takes, and whose answer may come before all of it was sent: a refusal.
import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { text } from 'node:stream/consumers';
import type { ApiError } from '../../shared/api.ts';
import { headersOf, type ServerFlags, serverUrl } from './client.ts';
import { CliError } from './failure.ts';

/** @throws CliError where the server cannot be reached or refuses. */
export async function upload<T>(
  flags: ServerFlags,
  path: string,
  query: Record<string, string | undefined>,
  chunks: AsyncIterable<Uint8Array>,
): Promise<T> {
  const url = serverUrl(flags, path);
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) url.searchParams.set(name, value);
  const options = {
    method: 'POST',
    headers: { ...headersOf(flags), 'content-type': 'application/octet-stream' },
  };
  const request = (url.protocol === 'https:' ? https : http).request(url, options);
  const answered = answerOf(request, flags);
  await Promise.race([answered, send(request, chunks)]);
  const response = await answered;
  const said = await text(response);
  if (response.statusCode === 200) return JSON.parse(said) as T;
  let error: ApiError | null = null;
  try {
    error = JSON.parse(said) as ApiError;
  } catch {
    // Not our server, or something between.
  }
  throw new CliError(
    `the server refused (${error?.message ?? response.statusMessage}) [${error?.code ?? response.statusCode}]`,
  );
}

function answerOf(request: ClientRequest, flags: ServerFlags): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve);
    // After the answer nothing that goes wrong with the rest of the body matters.
    request.on('error', (error) =>
      reject(
        new CliError(`no server at ${flags.server} (${error.message}). Start one with "fusescope serve"`),
      ),
    );
  });
}

async function send(request: ClientRequest, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  let answered = false;
  request.once('response', () => {
    answered = true;
  });
  for await (const chunk of chunks) {
    if (request.destroyed || answered) return;
    if (request.write(chunk)) continue;
    await goesOn(request);
  }
  request.end();
}

/** Waits until there is room, or no reason to go on. */
function goesOn(request: ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      request.off('drain', go).off('close', go).off('response', go);
      resolve();
    };
    request.on('drain', go).on('close', go).on('response', go);
  });
}
