// WS /api/ingest: collectors and agents on other machines. Binary messages are the socket's byte stream; a text
// message is event lines.
import type { Context } from '../context.ts';
import { IngestSession } from '../ingest/session.ts';
import type { Scope } from './scope.ts';
import { needsUpgrade } from './scope.ts';

/** Close code for a peer that breaks the protocol (RFC 6455, 7.4.1). */
const PROTOCOL_ERROR = 1002;

export function ingestRoute(app: Scope, { intake, log }: Context): void {
  app.route({
    method: 'GET',
    url: '/api/ingest',
    schema: {
      summary: 'WebSocket of collectors',
      description:
        'Binary messages carry the frames of the ingest socket; text messages carry event lines (NDJSON), answered by {line, error} for each one that is rejected.',
      tags: ['ingest'],
    },
    handler: needsUpgrade,
    wsHandler: (socket) => {
      const session = new IngestSession(intake, {
        send: (bytes) => socket.send(bytes),
        close: (why) => {
          log.warn({ why }, 'ingest WebSocket closed');
          socket.close(PROTOCOL_ERROR, why.slice(0, 100));
        },
        rejected: (line, error) => socket.send(JSON.stringify({ line, error })),
      });
      socket.on('message', (data: Buffer, isBinary: boolean) => {
        session.push(isBinary ? data : Buffer.concat([data, Buffer.from('\n')]));
        if (!intake.congested) return;
        socket.pause();
        void intake.relieved().then(() => socket.resume());
      });
      socket.on('close', () => session.end());
      socket.on('error', (error: Error) => log.debug({ error: error.message }, 'ingest WebSocket broke'));
    },
  });
}
