// The entries of a directory, each with all that lies in it.
import { Link } from 'wouter';
import type { PathsAnswer } from '../../../shared/groups.ts';
import { formatBytes, formatCount } from '../../../shared/units.ts';
import { Duration } from '../../ui/figure.tsx';
import { PathText } from '../../ui/path.tsx';

interface PathTableProps {
  answer: PathsAnswer;
  href: (path: string) => string;
}

export function PathTable({ answer, href }: PathTableProps) {
  const { items, keys, unnamed } = answer;
  return (
    <>
      <table className="files-table">
        <thead>
          <tr>
            <th>Path in mount</th>
            <th className="right">Operations ↓</th>
            <th className="right">Moved</th>
            <th className="right">Time</th>
            <th className="right">Errors</th>
            <th className="right">Open</th>
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr key={item.path}>
              <td>
                <Link href={href(item.path)} data-item>
                  <PathText path={item.below > 0 ? `${item.path}/` : item.path} />
                </Link>
              </td>
              <td className="right n">{formatCount(item.count).text}</td>
              <td className="right n">{item.bytes === 0 ? '–' : formatBytes(item.bytes).text}</td>
              <td className="right">
                <Duration ns={item.sumNs} />
              </td>
              <td className={`right n ${item.errors > 0 ? 'er' : 'dim'}`}>{formatCount(item.errors).text}</td>
              <td className={`right n ${item.open > 0 ? 'st' : 'dim'}`}>{item.open}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="quiet-note">
        {items.length === 0
          ? 'No operation on anything in here is stored'
          : `${formatCount(items.length).text} of ${formatCount(keys).text} entries`}
        {unnamed > 0 && `; operations without a known path: ${formatCount(unnamed).text}`}
      </p>
    </>
  );
}
