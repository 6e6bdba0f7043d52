// Faults on mirrors: rules with their counters, added, changed, switched and removed while mounted.
import Type from 'typebox';
import {
  FaultChangeSchema,
  FaultPresetSchema,
  FaultRequestSchema,
  FaultSchema,
  listOf,
} from '../../shared/api.ts';
import type { FaultRule } from '../../shared/fault.ts';
import { FAULT_PRESETS } from '../../shared/fault-presets.ts';
import type { Context } from '../context.ts';
import { CodedError } from '../errors.ts';
import type { MountRecord } from '../mounts/registry.ts';
import type { Scope } from './scope.ts';
import { errorAnswers, IdParams } from './scope.ts';

const MountQuery = Type.Object(
  { mount: Type.Optional(Type.String({ maxLength: 4_096, description: 'id or mount point of a mirror' })) },
  { additionalProperties: false },
);
const FaultParams = Type.Object({ id: Type.String({ maxLength: 63 }) });
const CountSchema = Type.Object({ cleared: Type.Integer() });
const ReleasedSchema = Type.Object({ released: Type.Integer({ description: 'operations that went on' }) });

export function faultRoutes(app: Scope, { faults, trace, mirrors }: Context): void {
  const tags = ['faults'];
  app.get(
    '/api/faults',
    {
      schema: {
        summary: 'Rules on mirrors, with their counters',
        tags,
        querystring: MountQuery,
        response: { 200: listOf(FaultSchema), ...errorAnswers },
      },
    },
    (request) => ({ items: faults.list(optional(request.query.mount)), nextCursor: null }),
  );
  app.get(
    '/api/faults/presets',
    {
      schema: {
        summary: 'Rules to start from, each with the incident it comes from',
        tags,
        response: { 200: listOf(FaultPresetSchema) },
      },
    },
    () => ({ items: [...FAULT_PRESETS], nextCursor: null }),
  );
  app.post(
    '/api/faults',
    {
      bodyLimit: 16 * 1024 * 1024,
      schema: {
        summary: 'Add a rule to a mirror; it holds from the next operation on',
        tags,
        body: FaultRequestSchema,
        response: { 201: FaultSchema, ...errorAnswers },
      },
    },
    async (request, reply) => {
      const { mount, rule } = request.body;
      const mirror = mirrorAt(String(mount));
      if (rule.id !== undefined && faults.list(mirror).some(({ id }) => id === rule.id))
        throw new CodedError(
          'FUSESCOPE_CONFLICT',
          `${mirror.mount} has a fault ${rule.id} already; PATCH changes it`,
        );
      return reply.status(201).send(await faults.put(mirror, rule));
    },
  );
  app.patch(
    '/api/faults/:id',
    {
      schema: {
        summary: 'Switch a rule on or off, or change what it does; its counters go on',
        tags,
        params: FaultParams,
        querystring: MountQuery,
        body: FaultChangeSchema,
        response: { 200: FaultSchema, ...errorAnswers },
      },
    },
    async (request) => {
      const { id } = request.params;
      const holder = faults.holderOf(id, optional(request.query.mount));
      const { enabled, ...changes } = request.body;
      if (Object.keys(changes).length > 0) {
        const old = faults.list(holder).find((rule) => rule.id === id);
        if (old) await faults.put(holder, { ...ruleOf(old), ...changes, enabled: enabled ?? old.enabled });
      }
      return faults.switch(
        holder,
        id,
        enabled ?? faults.list(holder).find((rule) => rule.id === id)?.enabled ?? true,
      );
    },
  );
  app.delete(
    '/api/faults/:id',
    {
      schema: {
        summary: 'Remove a rule; what waits by it goes on',
        tags,
        params: FaultParams,
        querystring: MountQuery,
        response: { 204: Type.Null({ description: 'done; no content' }), ...errorAnswers },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      await faults.remove(faults.holderOf(id, optional(request.query.mount)), id);
      return reply.status(204).send(null);
    },
  );
  app.delete(
    '/api/faults',
    {
      schema: {
        summary: 'Remove every rule, of one mirror or of all, and let everything go on that waits',
        tags,
        querystring: MountQuery,
        response: { 200: CountSchema, ...errorAnswers },
      },
    },
    async (request) => {
      const one = optional(request.query.mount);
      return { cleared: await faults.clear(one ? [one] : faults.mirrors()) };
    },
  );
  app.post(
    '/api/faults/:id/release',
    {
      schema: {
        summary: 'Let operations go on that a rule holds back; the rule stays',
        tags,
        params: FaultParams,
        querystring: MountQuery,
        response: { 200: ReleasedSchema, ...errorAnswers },
      },
    },
    async (request) => {
      const { id } = request.params;
      return { released: await faults.release(faults.holderOf(id, optional(request.query.mount)), id) };
    },
  );
  app.post(
    '/api/mirrors/:id/release',
    {
      schema: {
        summary: 'Let every operation go on that rules hold back on a mirror that this server started',
        tags: ['mirrors'],
        params: IdParams,
        response: { 204: Type.Null({ description: 'done; no content' }), ...errorAnswers },
      },
    },
    async (request, reply) => {
      await faults.release(mirrorAt(mirrors.mountpointOf(request.params.id)), null);
      return reply.status(204).send(null);
    },
  );

  function optional(mount: string | undefined): MountRecord | undefined {
    return mount === undefined ? undefined : mirrorAt(mount);
  }

  /** @param mount id or mount point. */
  function mirrorAt(mount: string): MountRecord {
    const path = mount.length > 1 ? mount.replace(/\/+$/, '') : mount;
    const known = /^\d+$/.test(mount) ? trace.mounts.get(Number(mount)) : trace.mounts.find(path);
    if (!known)
      throw new CodedError('FUSESCOPE_NOT_FOUND', `there is no mount ${mount}; GET /api/mounts lists them`);
    return faults.mirrorOf(known);
  }
}

/** A rule as it was asked for. */
function ruleOf({
  id,
  match,
  effect,
  seed,
  ttlMs,
  note,
  preset,
}: ReturnType<Context['faults']['list']>[number]): FaultRule {
  return {
    id,
    match,
    effect,
    seed,
    ...(ttlMs !== null && ttlMs >= 1 ? { ttlMs } : {}),
    ...(note !== null ? { note } : {}),
    ...(preset !== null ? { preset } : {}),
  };
}
