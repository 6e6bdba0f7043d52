// Processes below those that started them, as far as that is known, with what each costs the mounts.
import { Link } from 'wouter';
import type { Process } from '../../../shared/groups.ts';
import { formatBytes, formatCount } from '../../../shared/units.ts';
import { Duration, None } from '../../ui/figure.tsx';
import { visible } from '../../ui/visible.ts';
import { operationsHref } from '../../url/use.ts';

export function ProcessTable({ processes }: { processes: readonly Process[] }) {
  return (
    <table className="files-table">
      <thead>
        <tr>
          <th>Process</th>
          <th className="right">Operations</th>
          <th className="right">Moved</th>
          <th className="right">Time</th>
          <th className="right">Errors</th>
          <th className="right">Open</th>
        </tr>
      </thead>
      <tbody>
        {asTree(processes).map(({ process, depth }) => (
          <tr key={process.pid}>
            <td style={{ paddingLeft: 20 + Math.min(depth, 12) * 16 }}>
              <Link data-item href={operationsHref({ filter: `pid:${process.pid}` })}>
                {process.comms.map(visible).join(', ') || 'process'}{' '}
                <span className="dim">
                  {process.pid}
                  {process.running ? '' : ', ended'}
                </span>
              </Link>
            </td>
            <td className={`right n ${process.count > 0 ? '' : 'dim'}`}>{formatCount(process.count).text}</td>
            <td className="right n">{process.bytes === 0 ? <None /> : formatBytes(process.bytes).text}</td>
            <td className="right">{process.sumNs === 0 ? <None /> : <Duration ns={process.sumNs} />}</td>
            <td className={`right n ${process.errors > 0 ? 'er' : 'dim'}`}>
              {formatCount(process.errors).text}
            </td>
            <td className={`right n ${process.open > 0 ? 'st' : 'dim'}`}>{process.open}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface Placed {
  process: Process;
  depth: number;
}

/** Each process after its parent; among those of one parent the order stays. */
function asTree(processes: readonly Process[]): Placed[] {
  const known = new Set(processes.map(({ pid }) => pid));
  const children = Map.groupBy(processes, ({ parent }) =>
    parent !== null && known.has(parent) ? parent : 0,
  );
  const placed: Placed[] = [];
  const place = (parent: number, depth: number): void => {
    for (const process of children.get(parent) ?? []) {
      placed.push({ process, depth });
      place(process.pid, depth + 1);
    }
  };
  place(0, 0);
  return placed;
}
