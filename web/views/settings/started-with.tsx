// What the command line decided when the server was started: what is kept, and who may look. It takes a restart to
// change, and the command is here.
import { useStore } from 'zustand';
import type { StartedWith } from '../../../shared/settings.ts';
import { formatBytes, formatDuration } from '../../../shared/units.ts';
import { clock } from '../../live/clock.ts';
import { live } from '../../live/feed.ts';
import { Command } from '../../ui/copy.tsx';
import { visible } from '../../ui/visible.ts';

export function Retention({ startedWith: { db, maxBytes, maxAgeS } }: { startedWith: StartedWith }) {
  const store = useStore(live, (state) => state.gauges?.store ?? null);
  const held =
    store?.oldestUs == null
      ? 'nothing yet'
      : `the last ${formatDuration((clock.nowUs() - store.oldestUs) * 1e3).text}`;
  return (
    <section aria-label="Retention">
      <h2>What is kept</h2>
      <p>
        Operations go when they are older than {formatDuration(maxAgeS * 1e9).text}, or when the store is
        larger than {formatBytes(maxBytes).text}, the oldest first. Recordings are never let go.
      </p>
      <dl className="set-facts">
        <div>
          <dt>Holds</dt>
          <dd>
            {held}, {formatBytes(store?.sizeBytes ?? 0).text} of {formatBytes(maxBytes).text}
          </dd>
        </div>
        <div>
          <dt>Database</dt>
          <dd className="mono">{db === ':memory:' ? 'in memory: gone when the server ends' : visible(db)}</dd>
        </div>
        {store?.state === 'failing' && (
          <div>
            <dt>Trouble</dt>
            <dd className="er">{visible(store.message ?? 'the store cannot be written')}</dd>
          </div>
        )}
      </dl>
      <p className="quiet-note">Both limits are options of the server:</p>
      <Command command="fusescope serve --max-size 8G --max-age 30" />
    </section>
  );
}

const LOOPBACK = /^(127\.|::1$|localhost$)/;

export function Access({ startedWith: { host, token, socket } }: { startedWith: StartedWith }) {
  const local = LOOPBACK.test(host);
  return (
    <section aria-label="Access">
      <h2>Who may look</h2>
      <p>
        {token
          ? 'Whoever has the token: the server asks everyone for it.'
          : 'The user who started the server, and root, on this machine; nobody else is answered.'}
      </p>
      <dl className="set-facts">
        <div>
          <dt>Listens on</dt>
          <dd>
            {host}
            {local ? ', this machine only' : ', also from other machines'}
          </dd>
        </div>
        <div>
          <dt>Token</dt>
          <dd>{token ? 'asked for' : 'none'}</dd>
        </div>
        <div>
          <dt>Collectors</dt>
          <dd className="mono">{visible(socket)}</dd>
        </div>
      </dl>
      <p className="quiet-note">To let others in, with a token that is in a file:</p>
      <Command command="fusescope serve --host 0.0.0.0 --token-file /etc/fusescope/token" />
    </section>
  );
}
