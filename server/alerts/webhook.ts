// A webhook: POST of the message as JSON. With a secret it is signed, time and body together, so that it can be neither
// forged nor sent again later: X-FuseScope-Signature is sha256=HEX of HMAC-SHA256(secret, TIMESTAMP + "." + BODY).
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { AlertRuleConfig } from '../config/schema.ts';
import { FinalError, type Send } from './queue.ts';

const TIMEOUT_MS = 10_000;

export function webhook({ url, secretFile, headers = {} }: NonNullable<AlertRuleConfig['webhook']>): Send {
  return async (message, signal) => {
    const body = JSON.stringify(message);
    const at = String(Math.floor(Date.now() / 1_000));
    const response = await fetch(url, {
      method: 'POST',
      body,
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      headers: {
        ...headers,
        'content-type': 'application/json',
        'user-agent': 'fusescope',
        'x-fusescope-event': message.event,
        'x-fusescope-timestamp': at,
        ...(secretFile === undefined
          ? {}
          : { 'x-fusescope-signature': `sha256=${sign(secretOf(secretFile), at, body)}` }),
      },
    }).catch((error: Error) => {
      throw new Error(error.cause instanceof Error ? error.cause.message : error.message);
    });
    await response.body?.cancel();
    if (response.ok) return;
    const why = `the webhook answered ${response.status}`;
    // It will not like it better the next time; too many requests and time-outs it may.
    const passing = response.status >= 500 || response.status === 408 || response.status === 429;
    throw passing ? new Error(why) : new FinalError(why);
  };
}

/** In hexadecimal. @param timestamp s since the epoch, as the header has it */
export function sign(secret: string, timestamp: string, body: string): string {
  return createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
}

/** Read each time: a secret that was changed holds at once. */
function secretOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new Error(`the secret cannot be read (${(error as Error).message})`);
  }
}
