// Who may talk to the server, checked before any route runs: on loopback the server's own user and root, any
// other peer with the token. Host and Origin are checked always, so that no web page a user has open elsewhere
// can reach it (DNS rebinding, cross-site requests and sockets).
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CodedError } from '../errors.ts';
import type { Scope } from '../routes/scope.ts';
import { isLoopback, peerUid } from './peer.ts';

export interface GuardOptions {
  /** Null: loopback peers of our uid and root only. */
  token: string | null;
  /** Address the server listens on. */
  host: string;
}

const COOKIE = 'fusescope_token';
const TRUSTED_UIDS = new Set([0, process.getuid?.() ?? 0]);

export function guard(app: Scope, options: GuardOptions): void {
  const uids = new WeakMap<object, Promise<number | null>>();

  app.addHook('onRequest', async (request, reply) => {
    checkHost(request, options.host);
    checkOrigin(request);
    if (options.token !== null && tokenFits(request, options.token)) {
      // A link with ?token= is opened once; the cookie keeps the token out of the address bar from then on.
      if (queryToken(request) !== null) keepToken(reply, options.token);
      return;
    }
    const { socket } = request.raw;
    if (options.token === null && isLoopback(socket.remoteAddress ?? '')) {
      const uid = uids.get(socket) ?? peerUid(socket);
      uids.set(socket, uid);
      const found = await uid;
      if (found !== null && TRUSTED_UIDS.has(found)) return;
      throw new CodedError(
        'FUSESCOPE_FORBIDDEN',
        `this server answers only its own user and root; you are uid ${found ?? 'unknown'}. Start it with --token to let others in`,
      );
    }
    throw new CodedError(
      'FUSESCOPE_UNAUTHORIZED',
      'a token is needed: open the URL the server printed, or send "Authorization: Bearer TOKEN"',
    );
  });
}

/** On loopback only names of this machine are answered: another name that leads here is a rebinding attack. */
function checkHost(request: FastifyRequest, listening: string): void {
  const host = hostName(request.headers.host ?? '');
  if (!isLoopback(listening) && listening !== 'localhost') return;
  if (host === 'localhost' || isLoopback(host) || host === listening) return;
  throw new CodedError('FUSESCOPE_FORBIDDEN', `Host "${host}" is not this server; use http://127.0.0.1`);
}

function checkOrigin(request: FastifyRequest): void {
  const { origin } = request.headers;
  if (origin === undefined) return;
  const host = request.headers.host ?? '';
  if (URL.canParse(origin) && new URL(origin).host === host) return;
  throw new CodedError('FUSESCOPE_FORBIDDEN', `Origin "${origin}" may not use this server`);
}

function tokenFits(request: FastifyRequest, token: string): boolean {
  const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const cookie = new RegExp(`(?:^|;\\s*)${COOKIE}=([^;]*)`).exec(request.headers.cookie ?? '')?.[1];
  return [bearer, cookie === undefined ? undefined : safeDecode(cookie), queryToken(request)].some(
    (given) => typeof given === 'string' && sameText(given, token),
  );
}

function queryToken(request: FastifyRequest): string | null {
  const { token } = request.query as { token?: unknown };
  return typeof token === 'string' ? token : null;
}

function keepToken(reply: FastifyReply, token: string): void {
  reply.header('set-cookie', `${COOKIE}=${encodeURIComponent(token)}; HttpOnly; SameSite=Strict; Path=/`);
}

/** Compares digests, so that neither content nor length shows in the time it takes. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

function hostName(header: string): string {
  return URL.canParse(`http://${header}`)
    ? new URL(`http://${header}`).hostname.replace(/^\[|\]$/g, '')
    : header;
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
