// Who waits behind a stall, and why: operations of their own, and those that have none and wait for a lock.
import type { Waiter } from '../../../shared/diagnosis.ts';
import type { Stall } from '../../../shared/stall.ts';
import { Age } from '../../ui/age.tsx';
import { Caller } from '../../ui/caller.tsx';
import { Duration, None } from '../../ui/figure.tsx';
import { Op } from '../../ui/glyph.tsx';
import { PathText } from '../../ui/path.tsx';
import { visible } from '../../ui/visible.ts';
import './waiters.css';

const SHOWN = 12;

export function Waiters({ stall }: { stall: Stall }) {
  const { span, waiters, waiting } = stall;
  const first: Waiter = {
    pid: span.pid ?? 0,
    tid: span.tid ?? 0,
    comm: span.comm,
    spanId: span.id,
    op: span.op,
    path: span.path,
    sinceUs: span.startUs,
    why: 'this operation',
  };
  const others = waiters.filter((one) => one.spanId !== span.id);
  const rows = [first, ...others];
  const more = Math.max(waiting, rows.length) - Math.min(rows.length, SHOWN);
  return (
    <section aria-label="Waiting behind it">
      <div className="hd">
        <h2>Waiting behind it</h2>
        <span>{others.length === 0 && waiting <= 1 ? 'nobody else' : summary(stall, rows)}</span>
      </div>
      <ul>
        {rows.slice(0, SHOWN).map((one) => (
          <WaiterRow key={`${one.tid} ${one.spanId}`} one={one} stall={stall} />
        ))}
      </ul>
      {more > 0 && <p className="quiet-note">and {more} more</p>}
    </section>
  );
}

function WaiterRow({ one, stall }: { one: Waiter; stall: Stall }) {
  const isOwn = one.spanId === stall.span.id;
  const open = stall.state === 'open';
  return (
    <li className="wrow">
      <span className="ell">
        <Caller span={one} />
      </span>
      {one.op === null ? <span className="dim">no request</span> : <Op op={one.op} />}
      <PathText path={one.path} />
      <span className="dim ell">{visible(one.why)}</span>
      <span className={open ? 'right st' : 'right'}>
        {one.sinceUs === null ? (
          <None />
        ) : open ? (
          <Age sinceUs={one.sinceUs} />
        ) : (
          <Duration
            ns={isOwn ? stall.ageMs * 1e6 : Math.max(0, ((stall.closedUs ?? 0) - one.sinceUs) * 1e3)}
          />
        )}
      </span>
    </li>
  );
}

function summary({ affected, waiting }: Stall, rows: readonly Waiter[]): string {
  const processes = Math.max(affected.length, new Set(rows.map((one) => one.pid)).size);
  const count = Math.max(waiting, rows.length);
  return `${count} ${count === 1 ? 'waits' : 'wait'}, of ${processes === 1 ? '1 process' : `${processes} processes`}`;
}
