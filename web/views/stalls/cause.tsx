// Why it hangs, in a sentence, how sure that is, and by which signs.
import type { Cause } from '../../../shared/diagnosis.ts';
import type { Stall } from '../../../shared/stall.ts';
import { formatDuration } from '../../../shared/units.ts';
import { Telling } from '../../ui/telling.tsx';
import { visible } from '../../ui/visible.ts';
import './cause.css';

const SURE: Readonly<Record<Cause['confidence'], string>> = {
  certain: 'Certain',
  likely: 'Likely',
  possible: 'Possible',
};

export function CauseText({ stall }: { stall: Stall }) {
  const { cause } = stall;
  if (cause === null) return <p>{stall.state === 'open' ? openWords(stall) : ''}</p>;
  return (
    <>
      <p className="cause">
        <Telling sentence={cause.text} /> {cause.advice !== '' && <span>{visible(cause.advice)} </span>}
      </p>
      {cause.evidence.length > 0 && (
        <details className="signs">
          <summary>
            {SURE[cause.confidence]}: {signs(cause.evidence.length)}
          </summary>
          <ul>
            {cause.evidence.map(({ text, from }) => (
              <li key={`${text} ${from}`}>
                {visible(text)} <span className="mono dim">{visible(from)}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

const signs = (count: number) => (count === 1 ? '1 sign' : `${count} signs`);

function openWords(stall: Stall): string {
  const over = formatDuration(stall.thresholdMs * 1e6).text;
  const queue = stall.span.queueNs;
  const picked =
    queue === null
      ? ''
      : ` The daemon took the request after ${formatDuration(queue).text} and has not answered.`;
  return `It should have been answered within ${over}. Until it is, whoever asked cannot go on.${picked}`;
}

/** How a stall ended, for one that has. */
export function endedWords({ endedBy, ageMs, span }: Stall): string {
  if (endedBy !== null) return endedBy.text;
  const took = formatDuration(ageMs * 1e6).text;
  if (span.state === 'aborted') return `It was open for ${took}, until its connection or daemon ended.`;
  if (span.state === 'lost') return `It was open for at least ${took}; how it ended was not seen.`;
  return `It was answered after ${took}${span.error ? ` with ${span.error}` : ''}.`;
}
