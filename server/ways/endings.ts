// What somebody did just before a stall ended is part of what ended it: the history says so.
import type { EndedBy } from '../../shared/diagnosis.ts';
import type { Stall } from '../../shared/stall.ts';
import type { Audit } from '../../shared/ways.ts';
import type { Store } from '../store/types.ts';
import type { Trace } from '../trace.ts';
import type { AuditLog } from './audit.ts';

/** Notes deeds in stalls as they end. To be called before anybody else hears of their end. */
export function noteDeeds(trace: Trace, store: Store, audit: AuditLog): void {
  trace.on('closed', (stall) => {
    const concerned = new Set([stall.span.mountId, ...stall.chain.flatMap(({ mountId }) => mountId ?? [])]);
    const connections = new Set([...concerned].map((id) => trace.mounts.get(id)?.connection ?? null));
    const deed = audit
      .recent()
      .find(
        (one) => concerned.has(one.mountId) || (one.connection !== null && connections.has(one.connection)),
      );
    if (!deed) return;
    stall.endedBy = withDeed(stall, deed);
    store.putStall(stall);
  });
}

const DEEDS: Readonly<Record<Audit['action'], string>> = {
  abort: 'aborted the connection',
  continue: 'continued the daemon',
  unmount: 'unmounted it',
  signal: 'sent',
  release: 'released it',
};

function withDeed({ endedBy, span }: Pick<Stall, 'endedBy' | 'span'>, deed: Audit): EndedBy {
  const who = deed.uid === null ? `somebody at ${deed.address}` : `uid ${deed.uid}`;
  const what = deed.action === 'signal' ? `${DEEDS.signal} ${deed.target}` : DEEDS[deed.action];
  const note = `Just before, ${who} ${what} (${deed.via}).`;
  const failed = span.state === 'aborted' || span.errno !== 0;
  const kind =
    endedBy?.kind ?? (deed.action === 'abort' && failed ? 'aborted' : failed ? 'error' : 'answered');
  return { kind, text: endedBy === null ? note : `${endedBy.text} ${note}` };
}
