// What the command line decided when the server was started: who may look. It takes a restart to change, and the
// command is here.
import type { StartedWith } from '../../../shared/settings.ts';
import { Command } from '../../ui/copy.tsx';
import { visible } from '../../ui/visible.ts';

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
