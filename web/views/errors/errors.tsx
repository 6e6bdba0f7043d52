// Errors, folded into patterns: the likely first cause on top, then what followed in order, then what is of no account.
import { useQuery } from '@tanstack/react-query';
import { useRef } from 'react';
import type { ErrorsAnswer } from '../../../shared/patterns/answer.ts';
import type { RankedPattern } from '../../../shared/patterns/pattern.ts';
import { formatCount } from '../../../shared/units.ts';
import { errorsQuery } from '../../api/queries.ts';
import { FilterBar } from '../../filter/bar.tsx';
import { useListKeys } from '../../keys/list.ts';
import { errorsCommand } from '../../ui/commands.ts';
import { commandChoice, jsonChoice, useCopies } from '../../ui/copies.ts';
import { Problem } from '../../ui/problem.tsx';
import { visible } from '../../ui/visible.ts';
import { recordingId } from '../../url/recording.ts';
import { useViewParams } from '../../url/use.ts';
import { PatternRow } from './pattern-row.tsx';
import { leadWords, shownPatterns } from './words.ts';
import './errors.css';

export default function ErrorsView() {
  const [params, change] = useViewParams();
  const { filter, range } = params;
  const box = useRef<HTMLDivElement>(null);
  useListKeys('errors', 'next, previous error', box);
  const query = useQuery(errorsQuery(filter, range));
  useCopies([
    commandChoice(errorsCommand({ filter, range, recording: recordingId })),
    jsonChoice('JSON', () => query.data?.items ?? []),
  ]);
  return (
    <div className="errors" ref={box}>
      <div className="fbar">
        <FilterBar
          filter={filter}
          onFilter={(next) => change({ filter: next })}
          hint="mount:/mnt/x  op:write  errno:ENOSPC"
        />
      </div>
      {query.error && <Problem error={query.error} onRetry={() => query.refetch()} />}
      {query.data && <Answer answer={query.data} items={shownPatterns(query.data, filter)} />}
    </div>
  );
}

function Answer({ answer, items }: { answer: ErrorsAnswer; items: readonly RankedPattern[] }) {
  const chain = items.filter((one) => one.role !== 'apart');
  const apart = items.filter((one) => one.role === 'apart');
  const left = answer.items.length - items.length;
  return (
    <>
      <header className="err-lead">
        <h1>{leadWords(items)}</h1>
        <p>{reasonWords(items, left)}</p>
        {!answer.complete && <p>There was too much to look at all of it; choose a shorter range.</p>}
      </header>
      {chain.length > 0 && (
        <section aria-label="The cascade">
          <ol>
            {chain.map((one) => (
              <PatternRow key={`${one.op} ${one.text} ${one.firstOrder}`} pattern={one} />
            ))}
          </ol>
        </section>
      )}
      {answer.mount && <NotUp mount={answer.mount} />}
      {apart.length > 0 && (
        <section aria-label="Apart from it">
          <div className="hd">
            <h2>{chain.length > 0 ? 'Apart from it' : 'What failed'}</h2>
            <span>{chain.length > 0 ? 'before the cause, or of no account' : 'the most frequent first'}</span>
          </div>
          <ol>
            {apart.map((one) => (
              <PatternRow key={`${one.op} ${one.text} ${one.firstOrder}`} pattern={one} />
            ))}
          </ol>
        </section>
      )}
    </>
  );
}

function reasonWords(items: readonly RankedPattern[], left: number): string {
  const ordinary =
    left === 0
      ? ''
      : `${left === 1 ? 'One kind' : `${formatCount(left).text} kinds`} of everyday answers, such as ENOENT at a look-up, ${left === 1 ? 'is' : 'are'} left out; errno:any shows them.`;
  const [first] = items;
  if (!first) return `No operation of this range ended with an error. ${ordinary}`.trim();
  if (first.reasons.length === 0) return ordinary;
  const why = first.reasons.join('; ');
  return `${why.charAt(0).toUpperCase()}${why.slice(1)}. ${ordinary}`.trim();
}

/** A mount that does not come up: what failed before, in order. */
function NotUp({ mount }: { mount: NonNullable<ErrorsAnswer['mount']> }) {
  return (
    <section className="err-down" aria-label="A mount did not come up">
      <div className="hd">
        <h2>A mount did not come up</h2>
        <span>{visible(mount.text)}</span>
      </div>
      <ol>
        {mount.checks.map((check) => (
          <li key={check.order}>
            <span className="n">{formatCount(check.count).text} ×</span> <code>{visible(check.text)}</code>
          </li>
        ))}
      </ol>
    </section>
  );
}
