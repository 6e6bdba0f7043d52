// Two stretches side by side: what differs in words, and each operation's figures of both with how sure that is.

import { Link } from 'wouter';
import type { CompareAnswer, Compared } from '../../../shared/compare/answer.ts';
import { differenceText, type SideNames } from '../../../shared/compare/words.ts';
import { formatCount, formatPercent, formatRatio } from '../../../shared/units.ts';
import { clock } from '../../live/clock.ts';
import { Duration, Figure, None } from '../../ui/figure.tsx';
import { Op } from '../../ui/glyph.tsx';
import { Problem } from '../../ui/problem.tsx';
import { dateText } from '../../ui/time.ts';
import { visible } from '../../ui/visible.ts';
import { operationsHref } from '../../url/use.ts';
import type { Pair } from './against.ts';
import type { useComparison } from './use-compare.ts';
import '../../ui/as-table.css';
import './compare.css';

interface ComparisonProps {
  query: ReturnType<typeof useComparison>;
  pair: Pair | null;
  names: SideNames;
  onClear: () => void;
}

/** Sentences at most; the table has all. */
const TOLD = 3;

export function Comparison({ query, pair, names, onClear }: ComparisonProps) {
  const told = query.data?.items.filter(({ verdict }) => verdict !== 'noise').slice(0, TOLD) ?? [];
  return (
    <section className="compare" aria-label="Comparison">
      <div className="hd">
        <h2>Compared with {visible(names.b)}</h2>
        {query.data && <span>{sidesText(query.data)}</span>}
        <span className="sp" />
        <button type="button" className="btn sm ghost" onClick={onClear}>
          Clear <kbd>Esc</kbd>
        </button>
      </div>
      {pair === null && (
        <p className="quiet-note">All time has no time before it. Choose a shorter window.</p>
      )}
      {query.error && <Problem error={query.error} onRetry={() => query.refetch()} />}
      {query.data && (
        <>
          <ul className="differences" aria-live="polite">
            {told.map((item) => (
              <li key={item.key} className={item.verdict === 'differs' ? 'strong' : 'sec'}>
                <Difference text={differenceText(item, names)} />
              </li>
            ))}
            {told.length === 0 && (
              <li>
                {query.data.items.length === 0
                  ? 'Neither has any operation.'
                  : `No operation differs from ${visible(names.b)} by more than noise.`}
              </li>
            )}
          </ul>
          <Sides answer={query.data} pair={pair} names={names} />
          <p className="method">{query.data.method}.</p>
        </>
      )}
    </section>
  );
}

/** A sentence, with the operation that it begins with marked. */
function Difference({ text }: { text: string }) {
  const end = text.indexOf(':');
  return (
    <>
      <b>{text.slice(0, end)}</b>
      {text.slice(end)}
    </>
  );
}

function sidesText({ a, b }: CompareAnswer): string {
  const text = ({ fromUs, toUs }: CompareAnswer['a']) =>
    `${dateText(fromUs, clock.nowUs())} – ${dateText(toUs, clock.nowUs())}`;
  return `${text(a)} against ${text(b)}`;
}

const FIGURES = [
  ['p50', 'p50Ns'],
  ['p99', 'p99Ns'],
] as const;

function Sides({ answer, pair, names }: { answer: CompareAnswer; pair: Pair | null; names: SideNames }) {
  if (answer.items.length === 0) return null;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
    <div className="as-table" role="region" tabIndex={0} aria-label="Both sides by operation">
      <table>
        <caption className="sr">
          Both sides by operation: {visible(names.a)}, then {visible(names.b)}
        </caption>
        <thead>
          <tr>
            <th scope="col">Operation</th>
            <th scope="col" className="right">
              Ended
            </th>
            <th scope="col" className="right">
              against
            </th>
            {FIGURES.flatMap(([name]) => [
              <th key={name} scope="col" className="right">
                {name}
              </th>,
              <th key={`${name} b`} scope="col" className="right">
                against
              </th>,
              <th key={`${name} ratio`} scope="col" className="right">
                Ratio
              </th>,
            ])}
            <th scope="col">More than noise</th>
          </tr>
        </thead>
        <tbody>
          {answer.items.map((item) => (
            <tr key={item.key}>
              <th scope="row">
                {pair ? (
                  <Link
                    href={operationsHref({
                      filter: `${pair.a.filter} op:${item.key}`.trim(),
                      range: { fromUs: answer.a.fromUs, toUs: answer.a.toUs },
                      order: 'duration:desc',
                    })}
                  >
                    <Op op={item.key} />
                  </Link>
                ) : (
                  <Op op={item.key} />
                )}
              </th>
              <td className="right">{formatCount(item.a?.count ?? 0).text}</td>
              <td className="right sec">{formatCount(item.b?.count ?? 0).text}</td>
              {FIGURES.flatMap(([name, figure]) => [
                <td key={name} className="right">
                  <Duration ns={item.a?.[figure] ?? null} />
                </td>,
                <td key={`${name} b`} className="right sec">
                  <Duration ns={item.b?.[figure] ?? null} />
                </td>,
                <td key={`${name} ratio`} className="right">
                  <Ratio a={item.a?.[figure] ?? null} b={item.b?.[figure] ?? null} />
                </td>,
              ])}
              <td>{verdictText(item)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Ratio({ a, b }: { a: number | null; b: number | null }) {
  return a === null || b === null || b === 0 ? <None /> : <Figure of={formatRatio(a / b)} />;
}

const VERDICTS: Readonly<Record<Compared['verdict'], string>> = {
  differs: 'yes',
  noise: 'no',
  'too-little': 'too little to tell',
  'only-first': 'only here',
  'only-second': 'only there',
};
const WHATS = { typical: 'all durations', tail: 'tail', errors: 'errors' } as const;

/** yes: tail (p = 0.02); no (p = 0.4). */
function verdictText({ verdict, findings }: Compared): string {
  const [surest] = findings;
  if (!surest || (verdict !== 'differs' && verdict !== 'noise')) return VERDICTS[verdict];
  const p = surest.p < 0.001 ? 'p < 0.001' : `p = ${surest.p.toPrecision(2)}`;
  const real = findings.filter((finding) => finding.real);
  const which = real.map(({ what, a, b }) =>
    what === 'errors' ? `${WHATS[what]} ${formatPercent(a).text} to ${formatPercent(b).text}` : WHATS[what],
  );
  return `${VERDICTS[verdict]}${which.length > 0 ? `: ${which.join(', ')}` : ''} (${p})`;
}
