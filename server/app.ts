// Builds the HTTP and WebSocket interface around a running trace; opens no port. Schemas come first, types from
// them; answers are plain JSON, so that a list of 10,000 spans costs no more than writing it.
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import websocket from '@fastify/websocket';
import type { FastifyBaseLogger } from 'fastify';
import Fastify, { LogController } from 'fastify';
import { AlertMessageSchema } from '../shared/alerts.ts';
import type { Context } from './context.ts';
import { CodedError } from './errors.ts';
import { alertRoutes } from './routes/alerts.ts';
import { attachRoutes } from './routes/attach.ts';
import { chainRoute } from './routes/chain.ts';
import { compareRoute } from './routes/compare.ts';
import { doctorRoute } from './routes/doctor.ts';
import { eventsRoute } from './routes/events.ts';
import { exportRoute } from './routes/export.ts';
import { faultRoutes } from './routes/faults.ts';
import { groupRoutes } from './routes/groups.ts';
import { healthRoutes } from './routes/health.ts';
import { importRoute } from './routes/import.ts';
import { ingestRoute } from './routes/ingest.ts';
import { latencyRoutes } from './routes/latency.ts';
import { liveRoute } from './routes/live.ts';
import { metricsRoute } from './routes/metrics.ts';
import { mirrorRoutes } from './routes/mirrors.ts';
import { mountRoutes } from './routes/mounts.ts';
import { pageRoutes } from './routes/page.ts';
import { patternRoutes } from './routes/patterns.ts';
import { recordingRoutes } from './routes/recordings.ts';
import { settingsRoutes } from './routes/settings.ts';
import { spanRoutes } from './routes/spans.ts';
import { stallRoutes } from './routes/stalls.ts';
import { timelineRoutes } from './routes/timeline.ts';
import { wayRoutes } from './routes/ways.ts';
import type { GuardOptions } from './security/guard.ts';
import { guard } from './security/guard.ts';

export interface AppOptions {
  context: Context;
  guard: GuardOptions;
  /** Folder with the built page, or null to serve the interface alone. */
  pageDir: string | null;
}

const { $id: _id, ...alertMessage } = AlertMessageSchema as typeof AlertMessageSchema & { $id?: string };

/** Largest WebSocket message that is read: a frame of the ingest protocol and some. */
const MAX_MESSAGE_BYTES = 5 * 1024 * 1024;

const CSP = [
  "default-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
].join('; ');

/** A Fastify instance with every route, ready for `listen` or `inject`. */
export async function buildApp(options: AppOptions) {
  const { context } = options;
  const app = Fastify({
    loggerInstance: context.log.child({ part: 'http' }, { level: 'warn' }) as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: true,
    // A client that sends its request byte by byte is cut off; uploads may take as long as they flow.
    connectionTimeout: 0,
    requestTimeout: 0,
  }).withTypeProvider<TypeBoxTypeProvider>();
  app.server.headersTimeout = 15_000;
  app.setValidatorCompiler(TypeBoxValidatorCompiler);
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));

  app.setErrorHandler(
    (error: Error & { statusCode?: number; code?: string; validation?: unknown }, request, reply) => {
      const shown = explain(error);
      if (shown.statusCode >= 500) request.log.error({ err: error, url: request.url }, 'request failed');
      return reply.status(shown.statusCode).send(shown);
    },
  );
  app.addHook('onSend', async (_request, reply) => {
    reply.header('x-content-type-options', 'nosniff');
    reply.header('referrer-policy', 'no-referrer');
    if (!reply.hasHeader('content-security-policy')) reply.header('content-security-policy', CSP);
  });
  guard(app, options.guard);

  await app.register(websocket, { options: { maxPayload: MAX_MESSAGE_BYTES } });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'FuseScope',
        version: context.version,
        description:
          'What every FUSE mount on this machine is doing. Times are µs since the epoch unless named otherwise.',
        license: { name: 'MIT' },
      },
      webhooks: {
        alert: {
          post: {
            summary: 'What an alert sends to the webhook of its rule, and gives to its command',
            description:
              'X-FuseScope-Signature is sha256=HEX of HMAC-SHA256 over X-FuseScope-Timestamp, a dot, and the body, ' +
              'where the rule names a secretFile. Any 2xx answer ends it; others are tried again, longer apart.',
            // Without its $id, which would have to be a component of this document.
            requestBody: { content: { 'application/json': { schema: alertMessage as object } } },
            responses: { '2XX': { description: 'taken' } },
          },
        },
      },
    },
  });
  await app.register(swaggerUi, { routePrefix: '/api/docs' });

  for (const route of [
    healthRoutes,
    mountRoutes,
    chainRoute,
    attachRoutes,
    mirrorRoutes,
    faultRoutes,
    spanRoutes,
    stallRoutes,
    wayRoutes,
    alertRoutes,
    latencyRoutes,
    compareRoute,
    timelineRoutes,
    groupRoutes,
    exportRoute,
    eventsRoute,
    importRoute,
    patternRoutes,
    ingestRoute,
    liveRoute,
    metricsRoute,
    doctorRoute,
    settingsRoutes,
    recordingRoutes,
  ]) {
    await app.register(async (scope) => route(scope, context));
  }
  app.get('/api/openapi.json', { schema: { hide: true } }, () => app.swagger());
  await pageRoutes(app, options.pageDir);
  return app;
}

/** The answer to an error: coded ones as they are, Fastify's own with our codes, the rest without their insides. */
function explain(error: Error & { statusCode?: number; code?: string; validation?: unknown }) {
  if (error instanceof CodedError) {
    return { statusCode: error.statusCode, code: error.code, message: error.message };
  }
  const statusCode = error.statusCode ?? 500;
  if (error.validation) return { statusCode: 400, code: 'FUSESCOPE_INVALID', message: error.message };
  if (statusCode === 413) return { statusCode, code: 'FUSESCOPE_TOO_LARGE', message: error.message };
  if (statusCode < 500) return { statusCode, code: 'FUSESCOPE_INVALID', message: error.message };
  return {
    statusCode,
    code: 'FUSESCOPE_INTERNAL',
    message: 'the server failed at this request; its log says why',
  };
}
