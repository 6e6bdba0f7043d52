// Faults in the palette: a new one, releasing what is held back, and the panic button.
import { useQuery } from '@tanstack/react-query';
import { Command } from 'cmdk';
import { useLocation } from 'wouter';
import { useStore } from 'zustand';
import { formatCount } from '../../shared/units.ts';
import { faultsQuery } from '../api/queries.ts';
import { visible } from '../ui/visible.ts';
import { recordingId } from '../url/recording.ts';
import { board, clearFaults, releaseFault, restoreFaults } from '../views/faults/board.ts';

interface ItemsProps {
  /** What an item does once the palette is closed. */
  run: (action: () => void) => () => void;
}

export function FaultItems({ run }: ItemsProps) {
  const { data } = useQuery({ ...faultsQuery, enabled: recordingId === null });
  const { cleared } = useStore(board);
  const [, navigate] = useLocation();
  if (recordingId !== null) return null;
  const items = data?.items ?? [];
  /** What came of it is said in the view. */
  const then = (deed: () => Promise<void>) => run(() => void deed().then(() => navigate('/faults')));
  return (
    <Command.Group heading="Faults">
      <Command.Item onSelect={run(() => navigate('/faults'))}>Make a mirror slow or faulty</Command.Item>
      {items
        .filter((one) => one.held > 0)
        .map((one) => (
          <Command.Item
            key={`${one.mountId} ${one.id}`}
            value={`release ${one.mountId} ${one.id}`}
            onSelect={then(() => releaseFault(one))}
          >
            Release what {visible(one.id)} holds back
            <span className="dim">{formatCount(one.held).text}</span>
          </Command.Item>
        ))}
      {items.length > 0 && (
        <Command.Item onSelect={then(clearFaults)}>Clear all faults, let everything go on</Command.Item>
      )}
      {cleared.length > 0 && (
        <Command.Item onSelect={then(restoreFaults)}>Put the cleared faults back</Command.Item>
      )}
    </Command.Group>
  );
}
