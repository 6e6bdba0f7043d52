// The way out: what can be done about a stall, each with who is hit, and why the rest is not offered. Nothing happens
// before a preview has been looked at and confirmed.
import { useQueries } from '@tanstack/react-query';
import { useState } from 'react';
import { useStore } from 'zustand';
import type { Stall } from '../../../shared/stall.ts';
import { type Action, SIGNALS, type WaySignal } from '../../../shared/ways.ts';
import { actionsQuery } from '../../api/queries.ts';
import { useKeys } from '../../keys/keys.ts';
import { shown } from '../../live/feed.ts';
import { Command } from '../../ui/copy.tsx';
import { Problem } from '../../ui/problem.tsx';
import { visible } from '../../ui/visible.ts';
import { type Asked, WayDialog } from '../../ui/way-dialog.tsx';
import { recordingId } from '../../url/recording.ts';
import { TellMe } from './tell-me.tsx';
import './ways.css';

interface Offered {
  mountId: number;
  mount: string;
  action: Action;
}

export function Ways({ stall }: { stall: Stall }) {
  const [asked, setAsked] = useState<Asked | null>(null);
  const open = stall.state === 'open' && recordingId === null;
  const { offered, refused, error } = useOffers(stall, open);
  const first = offered[0];
  useKeys('stall, the way out', [
    {
      keys: ['a'],
      label: 'actions',
      foot: open,
      run: () => first && setAsked(askFor(first)),
    },
  ]);
  if (!open && asked === null) return null;
  return (
    <section aria-label="The way out" className="ways">
      <div className="hd">
        <h2>The way out</h2>
        <span>nothing happens before you confirm</span>
      </div>
      {error && <Problem error={error} />}
      {offered.map((one, i) => (
        <Offer
          key={`${one.mountId} ${one.action.action}`}
          one={one}
          stall={stall}
          isFirst={i === 0}
          onAsk={setAsked}
        />
      ))}
      <TellMe stall={stall} />
      {refused.map(({ mountId, action }) => (
        <div className="act dim" key={`${mountId} ${action.action}`}>
          <div>
            <h3>{action.title}</h3>
            <p>{visible(action.effect)}</p>
          </div>
        </div>
      ))}
      {asked && <WayDialog asked={asked} onClose={() => setAsked(null)} />}
    </section>
  );
}

/** Of every mount in the chain, the one nearest to the cause first. */
function useOffers(
  stall: Stall,
  enabled: boolean,
): { offered: Offered[]; refused: Offered[]; error: Error | null } {
  const fromChain = stall.chain.map((link) => link.mountId).filter((id) => id !== null);
  const ids = [...new Set([...fromChain.reverse(), stall.span.mountId])];
  const mounts = useStore(shown, (state) => state.mounts);
  const queries = useQueries({ queries: ids.map((id) => ({ ...actionsQuery(id), enabled })) });
  const all = queries.flatMap((query, i) =>
    (query.data?.items ?? []).map((action) => {
      const mountId = ids[i] ?? 0;
      const mount = mounts.find((one) => one.id === mountId)?.mount ?? stall.span.mount;
      return { mountId, mount, action };
    }),
  );
  const wanted = new Set(stall.hints.map((hint) => `${hint.mountId ?? stall.span.mountId} ${hint.action}`));
  const rank = (one: Offered) => (wanted.has(`${one.mountId} ${one.action.action}`) ? 0 : 1);
  const offered = all
    .filter(({ action }) => action.applies)
    .sort((a, b) => rank(a) - rank(b))
    .filter((one, i, sorted) => sorted.findIndex((other) => isSame(one, other)) === i);
  // Of several mounts the same refusals need not be read several times.
  const refused = all.filter(
    ({ action }, i) =>
      !action.applies &&
      !offered.some((one) => one.action.action === action.action) &&
      all.findIndex((one) => one.action.action === action.action) === i,
  );
  return { offered, refused, error: queries.find((query) => query.error)?.error ?? null };
}

/** One stopped process can keep several mounts waiting. */
function isSame(a: Offered, b: Offered): boolean {
  const pids = ({ action }: Offered) => action.targets.map((one) => one.pid).join();
  return a === b || (a.action.action === 'continue' && b.action.action === 'continue' && pids(a) === pids(b));
}

interface OfferProps {
  one: Offered;
  stall: Stall;
  isFirst: boolean;
  onAsk: (asked: Asked) => void;
}

function Offer({ one, stall, isFirst, onAsk }: OfferProps) {
  const { mount, action } = one;
  const isSignal = action.action === 'signal';
  const [pid, setPid] = useState<number | null>(null);
  const [signal, setSignal] = useState<WaySignal>('SIGTERM');
  const chosen = action.targets.find((target) => target.pid === pid) ?? action.targets[0];
  const hint = stall.hints.find(
    (hint) => hint.action === action.action && (hint.mountId ?? one.mountId) === one.mountId,
  );
  const danger = action.action === 'abort' || isSignal;
  return (
    <div className="act">
      <div>
        <h3>
          {action.title} <span className="mono">{visible(isSignal ? '' : mount)}</span>
        </h3>
        <p>{visible(hint?.text ?? action.effect)}</p>
      </div>
      {action.permitted ? (
        <span className="ask">
          {isSignal && (
            <>
              <select
                aria-label="Process"
                value={chosen?.pid}
                onChange={(event) => setPid(Number(event.target.value))}
              >
                {action.targets.map((target) => (
                  <option key={target.pid} value={target.pid}>
                    {visible(target.comm ?? 'process')} {target.pid}
                  </option>
                ))}
              </select>
              <select
                aria-label="Signal"
                value={signal}
                onChange={(event) => setSignal(event.target.value as WaySignal)}
              >
                {SIGNALS.map((name) => (
                  <option key={name}>{name}</option>
                ))}
              </select>
            </>
          )}
          <button
            type="button"
            className={danger ? 'btn danger' : 'btn'}
            onClick={() =>
              onAsk({ ...askFor(one), ...(isSignal ? { pid: chosen?.pid ?? null, signal } : {}) })
            }
          >
            {VERBS[action.action]}… {isFirst && <kbd>a</kbd>}
          </button>
        </span>
      ) : (
        <span className="dim">needs more rights</span>
      )}
      {action.permitted ? (
        <Hit one={one} stall={stall} />
      ) : (
        action.manual && (
          <div className="manual">
            <Command command={action.manual} />
          </div>
        )
      )}
    </div>
  );
}

const VERBS: Readonly<Record<Action['action'], string>> = {
  abort: 'Abort',
  continue: 'Continue',
  unmount: 'Unmount',
  signal: 'Signal',
  release: 'Release',
};

/** Who is hit, as far as the page knows; the preview looks closer. */
function Hit({ one: { mountId, action }, stall }: { one: Offered; stall: Stall }) {
  const mount = useStore(shown, (state) => state.mounts.find((one) => one.id === mountId));
  const requests = Math.max(mount?.inflight ?? 0, mount?.waiting ?? 0);
  const names = [...new Set(stall.affected.map((one) => visible(one.comm ?? String(one.pid))))];
  return (
    <div className="prev">
      {action.action === 'abort' && (
        <>
          <div>
            <b>{requests === 1 ? '1 request' : `${requests} requests`}</b>
            <span>fail</span>
          </div>
          {names.length > 0 && (
            <div>
              <b>{names.slice(0, 3).join(', ')}</b>
              <span>{names.length > 3 ? `and ${names.length - 3} more get an error` : 'get an error'}</span>
            </div>
          )}
        </>
      )}
      {action.action === 'continue' &&
        action.targets.map((target) => (
          <div key={target.pid}>
            <b>
              {visible(target.comm ?? 'process')} {target.pid}
            </b>
            <span>{visible(target.text)}</span>
          </div>
        ))}
      {action.command && <code className="cmdx">{action.command}</code>}
    </div>
  );
}

function askFor({ mountId, action }: Offered): Asked {
  const pid = action.action === 'signal' ? (action.targets[0]?.pid ?? null) : null;
  return { mountId, action, pid, signal: 'SIGTERM' };
}
