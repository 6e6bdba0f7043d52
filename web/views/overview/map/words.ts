// The map in words: what a node is, what an edge says, where they lead. Pure.
import type { MapEdge, MapNode, MountMap } from '../../../../shared/mount-map.ts';
import { visible } from '../../../ui/visible.ts';
import { DEFAULT_PARAMS, writeParams } from '../../../url/params.ts';
import { term } from '../../../url/terms.ts';

/** Safe to show. */
export const nameOf = (map: MountMap, id: string): string =>
  visible(map.nodes.find((one) => one.id === id)?.name ?? '?');

/** The second line of a node. */
export function aboutNode(node: MapNode): string {
  const { kind, fsType, source, comm, pids } = node;
  if (kind === 'caller') return pids.length === 1 ? `process ${pids[0]}` : `${pids.length} processes`;
  if (kind === 'peer') return 'over the network';
  if (kind === 'device') return 'device';
  const daemon = comm === null ? null : `${comm} ${pids[0] ?? ''}`;
  const parts = kind === 'mount' ? [daemon ?? fsType, node.unseen && 'not looked into'] : [fsType, source];
  return parts
    .filter((part) => part !== null && part !== '')
    .map((part) => visible(String(part)))
    .join(' · ');
}

const VERBS: Readonly<Record<MapEdge['reason'], string>> = {
  on: 'lies on',
  serves: 'takes its files from',
  waits: 'waits for',
};

export const verbOf = ({ reason }: MapEdge): string => VERBS[reason];

const operations = (filter: string) => `/operations${writeParams({ ...DEFAULT_PARAMS, filter })}`;

/** Operations of a mount, open ones of a caller; nothing is known of what is no mount of ours. */
export function nodeHref({ kind, name, id, mountId }: MapNode): string | null {
  if (kind === 'mount' && mountId !== null) return operations(term('mount', name));
  if (kind === 'caller' && id !== 'caller more') return operations(`${term('comm', name)} state:open`);
  return null;
}

/** The oldest stall of an edge; all stalls for an edge of no known one. */
export const stallHref = ({ stallIds }: MapEdge): string =>
  stallIds[0] === undefined ? '/stalls' : `/stalls/${stallIds[0]}`;

/** Who waits for whom, in a sentence; what depends on what where nobody waits. */
export function mapSentence(map: MountMap): string {
  const waits = map.edges.filter(({ reason }) => reason === 'waits');
  if (waits.length === 0)
    return `${map.edges.length} dependencies between ${map.nodes.length} places; nobody waits.`;
  return `${waits.map((one) => `${nameOf(map, one.from)} waits for ${nameOf(map, one.to)}`).join('; ')}.`;
}
