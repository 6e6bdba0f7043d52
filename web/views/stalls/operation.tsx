// What is known of the stalled operation itself, folded: the page's story comes before it.
import { shellWord } from '../../../shared/shell-word.ts';
import { resultOf, type Span } from '../../../shared/span.ts';
import { formatWall } from '../../../shared/units.ts';
import { Command } from '../../ui/copy.tsx';
import { term } from '../../url/terms.ts';
import { spanFacts } from '../operations/detail.ts';
import { EventLines } from '../operations/event-lines.tsx';

export function OperationFacts({ span }: { span: Span }) {
  return (
    <details className="op-facts">
      <summary>The operation, with its arguments</summary>
      <dl className="kv">
        {spanFacts(span).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
        <div>
          <dt>ENTER</dt>
          <dd className="n">{formatWall(span.startUs).text}</dd>
        </div>
        <div>
          <dt>Result</dt>
          <dd>{resultOf(span)}</dd>
        </div>
      </dl>
      <EventLines span={span} />
      <Command command={`fusescope tail --filter ${shellWord(term('mount', span.mount))}`} />
    </details>
  );
}
