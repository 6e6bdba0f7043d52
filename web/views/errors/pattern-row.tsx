// One pattern: its part in the cascade, how often and when, what is alike in all of them, and the first as it was.
import { Link } from 'wouter';
import type { RankedPattern } from '../../../shared/patterns/pattern.ts';
import { formatCount } from '../../../shared/units.ts';
import { Op } from '../../ui/glyph.tsx';
import { visible } from '../../ui/visible.ts';
import { operationsHref } from '../../url/use.ts';
import { Sparkline } from '../overview/sparkline.tsx';
import { filterOf, firstText, lagText } from './words.ts';

const ROLES: Readonly<Record<RankedPattern['role'], string>> = {
  cause: 'first',
  cascade: 'then',
  end: 'in the end',
  apart: '',
};

export function PatternRow({ pattern }: { pattern: RankedPattern }) {
  const { role, count, text, example, op, error, mounts, processes, spark } = pattern;
  const filter = filterOf(pattern);
  const lag = lagText(pattern);
  return (
    <li className={`err-row is-${role}`}>
      <div className="err-when">
        <b>{ROLES[role]}</b>
        <span className="n">{firstText(pattern)}</span>
      </div>
      <div className="err-what">
        <p className="err-text">
          {op !== null && (
            <>
              <Op op={op} /> <span className={pattern.ordinary ? 'dim' : 'er'}>{error}</span>{' '}
            </>
          )}
          <code>{visible(text)}</code>
        </p>
        {example !== text && <p className="err-example mono">{visible(example)}</p>}
        {(mounts.length > 0 || processes.length > 0) && (
          <p className="err-who">
            {mounts.length > 0 && <>on {mounts.map(visible).join(', ')} </>}
            {processes.length > 0 && <>by {processes.map(visible).join(', ')}</>}
          </p>
        )}
      </div>
      <Sparkline values={spark} columns={spark.length} tone={role === 'apart' ? 'faint' : 'error'} />
      <div className="err-count">
        <span className="n">{formatCount(count).text}</span> {count === 1 ? 'time' : 'times'}
        {filter !== null && (
          <Link className="link" data-item href={operationsHref({ filter })}>
            Operations
          </Link>
        )}
      </div>
      {lag !== '' && role !== 'apart' && <p className="err-lag">{lag}</p>}
    </li>
  );
}
