// WS /api/live: the live feed of the page and of `fusescope tail`. Frames are described in shared/live.ts.
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { ErrorSchema } from '../../shared/api.ts';
import type { ErrorFrame, SnapshotFrame, SubscribeFrame } from '../../shared/live.ts';
import {
  BatchFrameSchema,
  ErrorFrameSchema,
  LIVE_VERSION,
  SnapshotFrameSchema,
  StallFrameSchema,
  SubscribeFrameSchema,
  TickFrameSchema,
} from '../../shared/live.ts';
import { listed } from '../../shared/stall.ts';
import type { Context } from '../context.ts';
import { CodedError } from '../errors.ts';
import type { Subscription } from '../live/hub.ts';
import { SECONDS_KEPT } from '../live/seconds.ts';
import { shownBy } from '../live/shown.ts';
import type { Trace } from '../trace.ts';
import type { Scope } from './scope.ts';
import { needsUpgrade } from './scope.ts';

const checkSubscribe = Compile(SubscribeFrameSchema);

export function liveRoute(app: Scope, context: Context): void {
  const { hub, log, trace } = context;
  app.route({
    method: 'GET',
    url: '/api/live',
    schema: {
      summary: 'WebSocket with the live feed',
      description:
        'JSON frames: the answer below lists what the server sends; send {"type":"subscribe","filter":"…"} to change the filter.',
      tags: ['live'],
      querystring: Type.Object({
        filter: Type.Optional(Type.String({ maxLength: 4_096 })),
        spans: Type.Optional(Type.Boolean()),
        prompt: Type.Optional(
          Type.Boolean({
            description:
              'spans are told within some ms of their end, not 20 times a second; for programs that wait',
          }),
        ),
        token: Type.Optional(Type.String()),
      }),
      response: {
        426: ErrorSchema,
        101: Type.Union([
          SnapshotFrameSchema,
          BatchFrameSchema,
          TickFrameSchema,
          StallFrameSchema,
          ErrorFrameSchema,
        ]),
      },
    },
    handler: needsUpgrade,
    wsHandler: (socket, request) => {
      const fail = (code: string, message: string) => {
        const frame: ErrorFrame = { type: 'error', code, message };
        socket.send(JSON.stringify(frame));
      };
      const asked = request.query as { filter?: string; spans?: boolean; prompt?: boolean };
      const { filter = '', spans = true, prompt = false } = asked;
      let first: Subscription;
      try {
        first = subscription(trace, filter, spans, prompt);
      } catch (error) {
        if (!(error instanceof CodedError)) throw error;
        fail(error.code, error.message);
        first = subscription(trace, '', spans, prompt);
      }
      hub.join(socket, first, snapshot(context, first));
      socket.on('message', (data: Buffer) => {
        const frame = readSubscribe(data);
        if (!frame) return fail('FUSESCOPE_INVALID', 'send {"type":"subscribe","filter":"…"}');
        try {
          hub.subscribe(socket, subscription(trace, frame.filter, frame.spans ?? true, prompt));
        } catch (error) {
          if (!(error instanceof CodedError)) throw error;
          fail(error.code, error.message);
        }
      });
      socket.on('close', () => hub.leave(socket));
      socket.on('error', (error: Error) => log.debug({ error: error.message }, 'live WebSocket broke'));
    },
  });
}

function subscription(trace: Trace, filter: string, spans: boolean, prompt: boolean): Subscription {
  return { filter, match: shownBy(trace, filter), spans, prompt };
}

function readSubscribe(data: Buffer): SubscribeFrame | null {
  try {
    const value: unknown = JSON.parse(data.toString('utf8'));
    return checkSubscribe.Check(value) ? value : null;
  } catch {
    return null;
  }
}

function snapshot({ trace, mirrors, version, startedUs, clock }: Context, to: Subscription): SnapshotFrame {
  const open = trace.longOpen();
  const { match } = to;
  return {
    type: 'snapshot',
    v: LIVE_VERSION,
    server: { version, startedUs, demo: mirrors.demo !== null },
    gauges: trace.gauges(),
    mounts: trace.mountViews(),
    stalls: trace.stalls.open().map(listed),
    open: match ? open.filter((span) => match(span)) : [...open],
    seconds: [...trace.seconds.past()],
    gaps: trace.losses.since(clock.wallUs() - SECONDS_KEPT * 1e6),
    filter: to.filter,
  };
}
