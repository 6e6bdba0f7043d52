// The map as a table: for those who do not see the picture, and for what shows each edge.
import { Link } from 'wouter';
import type { MapEdge, MountMap } from '../../../../shared/mount-map.ts';
import { formatCount } from '../../../../shared/units.ts';
import { Age } from '../../../ui/age.tsx';
import { Figure, None } from '../../../ui/figure.tsx';
import { visible } from '../../../ui/visible.ts';
import { nameOf, nodeHref, stallHref, verbOf } from './words.ts';

const HEADS = ['Who', 'How', 'On what', 'Shown by'] as const;

export function MapTable({ map }: { map: MountMap }) {
  const edges = map.edges.toSorted(
    (a, b) =>
      Number(b.reason === 'waits') - Number(a.reason === 'waits') ||
      nameOf(map, a.from).localeCompare(nameOf(map, b.from)) ||
      nameOf(map, a.to).localeCompare(nameOf(map, b.to)),
  );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
    <section tabIndex={0} className="map-table" aria-label="Dependencies as a table">
      <table>
        <thead>
          <tr>
            {HEADS.map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
            <th scope="col" className="right">
              Stalls
            </th>
            <th scope="col" className="right">
              Oldest
            </th>
          </tr>
        </thead>
        <tbody>
          {edges.map((edge) => (
            <tr key={JSON.stringify([edge.from, edge.to, edge.reason])}>
              <th scope="row">
                <Name map={map} id={edge.from} />
              </th>
              <td className={edge.reason === 'waits' ? 'st' : 'sec'}>{verbOf(edge)}</td>
              <td>
                <Name map={map} id={edge.to} />
              </td>
              <td className="sec">{edge.evidence.map(visible).join('; ')}</td>
              <Waits edge={edge} />
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Name({ map, id }: { map: MountMap; id: string }) {
  const node = map.nodes.find((one) => one.id === id);
  const href = node ? nodeHref(node) : null;
  const text = <span className={node?.kind === 'caller' ? '' : 'path'}>{nameOf(map, id)}</span>;
  return href === null ? text : <Link href={href}>{text}</Link>;
}

function Waits({ edge }: { edge: MapEdge }) {
  if (edge.reason !== 'waits')
    return (
      <>
        <td className="right">
          <None />
        </td>
        <td className="right">
          <None />
        </td>
      </>
    );
  return (
    <>
      <td className="right">
        <Figure of={formatCount(edge.count)} />
      </td>
      <td className="right">
        <Link className="link st" href={stallHref(edge)}>
          {edge.sinceUs !== null && <Age sinceUs={edge.sinceUs} />}
        </Link>
      </td>
    </>
  );
}
