// A mount in the table: shortened to the width of its column, which is known. Measuring each row would cost frames.
import { useStore } from 'zustand';
import { PathText } from '../../ui/path.tsx';
import { columnOf } from './columns.tsx';
import { tableLayout } from './layout.ts';

/** Of the column's face, px. */
const CHAR = 6.63;

export function MountName({ mount }: { mount: string }) {
  const width = useStore(tableLayout, ({ widths }) => widths.mount ?? columnOf('mount')?.width ?? 0);
  return <PathText path={mount} room={Math.floor(width / CHAR)} />;
}
