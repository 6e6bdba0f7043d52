// The rules of one mirror: what each does, to what, how often it did, and the switches.
import { Link } from 'wouter';
import type { Fault } from '../../../shared/api.ts';
import { describeEffect, describeMatch } from '../../../shared/fault-text.ts';
import { formatCount } from '../../../shared/units.ts';
import { apiDelete, apiPatch } from '../../api/client.ts';
import { clock } from '../../live/clock.ts';
import { Figure, None } from '../../ui/figure.tsx';
import { dateText } from '../../ui/time.ts';
import { visible } from '../../ui/visible.ts';
import { operationsHref } from '../../url/use.ts';
import { attempt, releaseFault } from './board.ts';
import { filterOf, ttlWords } from './words.ts';

export function RuleTable({ mount, rules }: { mount: string; rules: readonly Fault[] }) {
  return (
    <section className="fault-list" aria-label={`Faults on ${visible(mount)}`}>
      <div className="hd">
        <h2 className="mono">{visible(mount)}</h2>
      </div>
      <table>
        <thead>
          <tr>
            <th scope="col">On</th>
            <th scope="col">Rule</th>
            <th scope="col" className="right">
              Matched
            </th>
            <th scope="col" className="right">
              Hit
            </th>
            <th scope="col" className="right">
              Held back
            </th>
            <th scope="col" className="right">
              Last hit
            </th>
            <th scope="col">
              <span className="sr">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rules.map((rule) => (
            <Rule key={rule.id} rule={rule} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Rule({ rule }: { rule: Fault }) {
  const { id, mountId, enabled, match, effect, note, preset, matches, hits, held, lastHitUs } = rule;
  const address = `/faults/${encodeURIComponent(id)}`;
  const about = [preset ?? '', note ?? '', ttlWords(rule)].filter((part) => part !== '');
  return (
    <tr className={enabled ? '' : 'is-off'}>
      <td>
        <button
          type="button"
          role="switch"
          className="switch"
          data-item
          aria-checked={enabled}
          aria-label={`${id}: ${enabled ? 'on' : 'off'}`}
          onClick={() => void attempt(() => apiPatch(`${address}?mount=${mountId}`, { enabled: !enabled }))}
        />
      </td>
      <td className="fault-rule">
        <p>
          <b>{describeEffect(effect)}</b>
        </p>
        <p className="sec">{visible(describeMatch(match))}</p>
        <p className="dim">
          <code>{visible(id)}</code>
          {about.length > 0 && `, ${about.map(visible).join(', ')}`}
        </p>
      </td>
      <td className="right" data-head="matched">
        <Link className="link" href={operationsHref({ filter: filterOf(rule) })}>
          <Figure of={formatCount(matches)} />
          <span className="sr"> operations that {id} is about</span>
        </Link>
      </td>
      <td className="right" data-head="hit">
        <Figure of={formatCount(hits)} />
      </td>
      <td className={held > 0 ? 'right st' : 'right'} data-head="held back">
        <Figure of={formatCount(held)} />
      </td>
      <td className="right sec n fault-last">
        {lastHitUs === null ? <None /> : dateText(lastHitUs, clock.nowUs())}
      </td>
      <td className="fault-acts">
        {held > 0 && (
          <button type="button" className="btn sm" onClick={() => void releaseFault(rule)}>
            Release<span className="sr"> what {id} holds back</span>
          </button>
        )}
        <button
          type="button"
          className="btn sm ghost"
          onClick={() => void attempt(() => apiDelete(address, { mount: mountId }))}
        >
          Remove<span className="sr"> {id}</span>
        </button>
      </td>
    </tr>
  );
}
