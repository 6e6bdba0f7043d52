// The keys of the table itself: arrows and j, k choose a row, left and right a cell in it.
import type { Span } from '../../../shared/span.ts';
import type { Column } from './columns.tsx';
import type { OperationsModel } from './model.ts';

interface TableKeys {
  model: OperationsModel;
  columns: readonly Column[];
  selected: number | null;
  cell: string | null;
  onSelect: (span: Span) => void;
  onCell: (column: string) => void;
  show: (index: number) => void;
}

const STEPS: Readonly<Record<string, number>> = {
  ArrowDown: 1,
  j: 1,
  ArrowUp: -1,
  k: -1,
  PageDown: 20,
  PageUp: -20,
};
const SIDEWAYS: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowLeft: -1 };

/** The handler for keys that reach the table. */
export function useTableKeys(table: TableKeys): (event: React.KeyboardEvent) => void {
  const { model, columns, selected, cell } = table;
  const move = (to: number) => {
    model.reading('selection', true);
    const index = Math.max(0, Math.min(model.length - 1, to));
    const span = model.at(index);
    if (!span) return;
    table.show(index);
    table.onSelect(span);
  };
  const sideways = (by: number) => {
    const ids = columns.map(({ id }) => id);
    const at = ids.indexOf(cell ?? 'path');
    const next = ids[Math.max(0, Math.min(ids.length - 1, at + by))];
    if (next !== undefined) table.onCell(next);
  };
  return (event) => {
    // Heads and buttons in the table have keys of their own.
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    const at = selected === null ? -1 : model.indexOf(selected);
    const step = STEPS[event.key];
    const side = SIDEWAYS[event.key];
    if (step !== undefined) move(at < 0 ? 0 : at + step);
    else if (side !== undefined) sideways(side);
    else if (event.key === 'Home') move(0);
    else if (event.key === 'Enter' && at >= 0) move(at);
    else return;
    event.preventDefault();
  };
}
