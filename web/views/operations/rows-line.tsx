// The line above the table: what the rows are, what waits, the highlight rules, and how times and columns are told.
import { Columns3 } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import { useStore } from 'zustand';
import { formatCount } from '../../../shared/units.ts';
import { resume } from '../../live/feed.ts';
import type { SpanOrder } from '../../url/params.ts';
import { COLUMNS, columnOf } from './columns.tsx';
import { resetColumns, tableLayout, toggleColumn } from './layout.ts';
import { LIVE_ROWS, OLDER_ROWS, SORTED_ROWS } from './model.ts';
import { operations } from './shared-model.ts';
import { useModelVersion } from './table.tsx';
import './rows-line.css';

interface RowsLineProps {
  ranged: boolean;
  order: SpanOrder;
  children: React.ReactNode;
}

/** One line that is always there, so that nothing moves when rows begin to wait. */
export function RowsLine({ ranged, order, children }: RowsLineProps) {
  useModelVersion(operations);
  const { relative, pairs } = useStore(tableLayout);
  const { count, storeOnly } = operations.held;
  const held = operations.standsStill && count > 0;
  return (
    <div className={`rows-line ${held ? 'held' : ''}`}>
      {held ? (
        <>
          <span>
            <b>{formatCount(count).text} newer</b> wait while you read
            {storeOnly > 0 && `, ${formatCount(storeOnly).text} of them in the store only`}
          </span>
          <button type="button" className="btn sm ghost" onClick={showNewest}>
            Show them <kbd>l</kbd>
          </button>
        </>
      ) : (
        <span>
          {ranged
            ? orderText(order)
            : operations.standsStill
              ? 'Nothing newer yet'
              : 'Newest first, as they end'}
        </span>
      )}
      {children}
      <span className="sp" />
      {!ranged && operations.omitted > 0 && (
        <span className="wide">{formatCount(operations.omitted).text} left out to keep up, all stored</span>
      )}
      <span className="wide">
        {formatCount(operations.length).text} rows here, room for {formatCount(LIVE_ROWS + OLDER_ROWS).text}
      </span>
      <button
        type="button"
        className="btn sm ghost wide"
        aria-pressed={pairs}
        title="Each operation as its ENTER and its EXIT"
        onClick={togglePairs}
      >
        {pairs ? 'ENTER and EXIT' : 'One row each'}
      </button>
      <button type="button" className="btn sm ghost wide" aria-pressed={relative} onClick={toggleRelative}>
        Times {relative ? 'relative' : 'absolute'}
      </button>
      <ColumnsMenu />
    </div>
  );
}

export const toggleRelative = () => tableLayout.setState(({ relative }) => ({ relative: !relative }));
export const togglePairs = () => tableLayout.setState(({ pairs }) => ({ pairs: !pairs }));

/** Lets the rows follow again, from the newest. */
function showNewest(): void {
  resume();
  operations.follow();
  document.querySelector('.tb')?.scrollTo({ top: 0 });
}

function orderText(order: SpanOrder): string {
  const [id = '', direction] = order.split(':');
  if (id === 'start') return `From the store, ${direction === 'asc' ? 'oldest' : 'newest'} first`;
  const by = `By ${(columnOf(id)?.name ?? id).toLowerCase()}`;
  if (!operations.unsorted) return `${by}, from the store`;
  return `${by}, among the newest ${formatCount(SORTED_ROWS).text} of this range`;
}

function ColumnsMenu() {
  const { columns } = useStore(tableLayout);
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger className="btn sm ghost wide">
        <Columns3 className="ic" aria-hidden />
        {columns.length} of {COLUMNS.length} columns
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu columns-menu" align="end" sideOffset={4}>
          {COLUMNS.map((column) => (
            <DropdownMenu.CheckboxItem
              key={column.id}
              className="menu-item"
              checked={columns.includes(column.id)}
              onSelect={(event) => event.preventDefault()}
              onCheckedChange={() => toggleColumn(column.id)}
            >
              <span className="tick" aria-hidden="true">
                {columns.includes(column.id) ? '✓' : ''}
              </span>
              {column.name}
              <span className="sp" />
            </DropdownMenu.CheckboxItem>
          ))}
          <DropdownMenu.Separator className="menu-line" />
          <DropdownMenu.Item className="menu-item" onSelect={resetColumns}>
            As they came, in their own widths
          </DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
