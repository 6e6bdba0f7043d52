// The life story of a path: its fate in one line, then what was done to it, by whom, when, with what result.
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { actorText, fateText, type History } from '../../../shared/history.ts';
import { formatBytes, formatCount, formatWall } from '../../../shared/units.ts';
import { historyQuery, type TimeRange } from '../../api/queries.ts';
import { Problem } from '../../ui/problem.tsx';
import { visible } from '../../ui/visible.ts';
import { operationsHref } from '../../url/use.ts';

/** Answers of everyday use, which are no trouble. */
const ORDINARY = new Set(['ENOENT', 'ENODATA']);

interface StoryProps {
  path: string;
  mount: string;
  range: TimeRange | null;
}

export function Story({ path, mount, range }: StoryProps) {
  const { data, error } = useQuery(historyQuery(path, mount, range));
  if (error) return <Problem error={error} />;
  if (!data) return null;
  const others = data.names.filter((name) => name !== data.path);
  return (
    <section className="story" aria-label="Life story">
      <h2 className="mono">{visible(data.path)}</h2>
      <p className="story-fate">{visible(fateText(data, (us) => formatWall(us).text))}</p>
      {others.length > 0 && <p className="sec">Also called {others.map(visible).join(', ')}.</p>}
      {data.earlier > 0 && (
        <p className="dim">{formatCount(data.earlier).text} earlier entries are left out.</p>
      )}
      {data.items.length > 0 && <Deeds items={data.items} />}
    </section>
  );
}

function Deeds({ items }: { items: History['items'] }) {
  return (
    <table className="files-table">
      <thead>
        <tr>
          <th>When</th>
          <th>What</th>
          <th>Result</th>
          <th>Who</th>
        </tr>
      </thead>
      <tbody>
        {items.map((item) => (
          <tr key={item.spanId}>
            <td className="n">
              <Link className="link" data-item href={operationsHref({ span: item.spanId })}>
                {formatWall(item.startUs).text}
              </Link>
            </td>
            <td>
              {item.deed}
              {item.above && ` above, ${visible(item.path ?? '')}`}
              {item.newPath !== null && ` to ${visible(item.newPath)}`}{' '}
              <span className="dim">
                {item.op}
                {item.count > 1 && ` ×${formatCount(item.count).text}`}
                {item.bytes > 0 && `, ${formatBytes(item.bytes).text}`}
              </span>
            </td>
            <td className={item.error === null || ORDINARY.has(item.error) ? 'dim' : 'er'}>
              {item.state === 'done' ? (item.error ?? 'ok') : item.state}
            </td>
            <td>{visible(actorText(item))}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
