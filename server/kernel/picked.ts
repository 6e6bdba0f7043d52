// Joins open spans with what the kernel says of them now: whether the daemon has taken the request.
import type { OpenRequest } from '../../shared/open-request.ts';
import type { Span } from '../../shared/span.ts';
import type { Context } from '../context.ts';

/** Adds `picked`. A mirror tells of an operation when it has it; what is neither its nor the kernel's is not known. */
export async function withPicked<T extends { span: Span }>(
  open: readonly T[],
  { trace, kernel }: Pick<Context, 'trace' | 'kernel'>,
): Promise<(T & { picked: boolean | null })[]> {
  const connectionOf = ({ source, mountId }: Span) =>
    source === 'kernel' ? (trace.mounts.get(mountId)?.connection ?? null) : null;
  const connections = new Set(open.map(({ span }) => connectionOf(span)).filter((one) => one !== null));
  const asked = [...connections].map(async (connection) => {
    // Nobody answers: not known, which is no error of the one who asks for spans.
    const requests = await kernel.inflight(connection).catch((): OpenRequest[] => []);
    return [connection, new Map(requests.map((one) => [one.unique, one.picked]))] as const;
  });
  const answers = new Map(await Promise.all(asked));
  return open.map((one) => {
    const connection = connectionOf(one.span);
    const picked =
      connection === null
        ? one.span.source === 'mirror' || null
        : (answers.get(connection)?.get(one.span.unique ?? '') ?? null);
    return { ...one, picked };
  });
}
