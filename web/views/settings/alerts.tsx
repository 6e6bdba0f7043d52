// Who is told of stalls: the rules of the configuration file, what is raised now, what became of the last messages, and
// the notifications of this browser.
import { useQuery } from '@tanstack/react-query';
import { useStore } from 'zustand';
import type { Alerts } from '../../../shared/alerts.ts';
import { formatCount, formatDuration } from '../../../shared/units.ts';
import { alertsQuery } from '../../api/queries.ts';
import { clock } from '../../live/clock.ts';
import { Command } from '../../ui/copy.tsx';
import { canNotify, notifying, setNotifying } from '../../ui/notify.ts';
import { Problem } from '../../ui/problem.tsx';
import { dateText } from '../../ui/time.ts';
import { visible } from '../../ui/visible.ts';

const DELIVERIES_SHOWN = 10;

export function AlertSettings() {
  const { data, error, refetch } = useQuery(alertsQuery);
  return (
    <section aria-label="Alerts">
      <h2>Who is told of stalls</h2>
      <Notifications />
      {error && <Problem error={error} onRetry={() => refetch()} />}
      {data && (data.config.file === null ? <NoFile /> : <Configured alerts={data} />)}
    </section>
  );
}

function Notifications() {
  const { on, refused } = useStore(notifying);
  const able = canNotify();
  return (
    <div className="set-line">
      <p>
        {able
          ? refused
            ? 'This browser was told not to let this page notify; its site settings change that.'
            : 'This browser can notify of each new stall while the page is open.'
          : 'This browser notifies only over https or from this machine itself.'}
      </p>
      {able && (
        <button
          type="button"
          role="switch"
          className="switch"
          aria-checked={on}
          aria-label="Notifications of this browser"
          disabled={refused}
          onClick={() => void setNotifying(!on)}
        />
      )}
    </div>
  );
}

function NoFile() {
  return (
    <>
      <p className="quiet-note">
        Webhooks, commands and the journal are set in a file, and nowhere else: what may run a command must
        not come from a web page. The server was started without one.
      </p>
      <Command command="fusescope serve --config /etc/fusescope/config.json" />
    </>
  );
}

function Configured({ alerts: { config, rules, channels, active, deliveries } }: { alerts: Alerts }) {
  return (
    <>
      <dl className="set-facts">
        <div>
          <dt>File</dt>
          <dd className="mono">
            {visible(config.file ?? '')}
            {config.loadedUs !== null && `, read ${dateText(config.loadedUs, clock.nowUs())}`}
          </dd>
        </div>
        {config.error !== null && (
          <div>
            <dt>Not taken</dt>
            <dd className="er">{visible(config.error)}</dd>
          </div>
        )}
      </dl>
      <table className="set-force">
        <caption>Rules and their channels</caption>
        <thead>
          <tr>
            <th scope="col">Rule</th>
            <th scope="col">Of</th>
            <th scope="col">After</th>
            <th scope="col">Tells</th>
            <th scope="col">Raised now</th>
          </tr>
        </thead>
        <tbody>
          {rules.map((rule) => (
            <tr key={rule.name}>
              <td>{visible(rule.name)}</td>
              <td className="sec">
                {[rule.mount ?? 'every mount', rule.op?.join(', ') ?? '', rule.cause?.join(', ') ?? '']
                  .filter((part) => part !== '')
                  .map(visible)
                  .join('; ')}
              </td>
              <td className="n">
                {rule.afterMs === 0 ? 'at once' : formatDuration(rule.afterMs * 1e6).text}
              </td>
              <td className="sec">
                {channels
                  .filter((channel) => channel.rule === rule.name)
                  .map(
                    ({ kind, target, delivered, failed, trying }) =>
                      `${kind} ${visible(target)}: ${formatCount(delivered).text} delivered${failed > 0 ? `, ${formatCount(failed).text} failed` : ''}${trying === null ? '' : `, tries again (${visible(trying)})`}`,
                  )
                  .join('; ')}
              </td>
              <td className="n">{formatCount(active.filter((one) => one.rule === rule.name).length).text}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {deliveries.length > 0 && (
        <table className="set-force">
          <caption>The last messages</caption>
          <tbody>
            {deliveries.slice(0, DELIVERIES_SHOWN).map((one) => (
              <tr key={`${one.atUs} ${one.rule} ${one.kind} ${one.event}`}>
                <td className="n sec">{dateText(one.atUs, clock.nowUs())}</td>
                <td>
                  {one.kind}, {one.event}
                </td>
                <td className={one.outcome === 'delivered' ? 'sec' : 'er'}>
                  {one.outcome}
                  {one.error !== null && `: ${visible(one.error)}`}
                </td>
                <td className="ell">{visible(one.text)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}
