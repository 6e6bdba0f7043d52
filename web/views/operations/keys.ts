// The keys of Operations: what they do to the selected operation and its chosen cell, to the range and to the rows.
import { useKeys } from '../../keys/keys.ts';
import type { ViewParams } from '../../url/params.ts';
import type { Target } from './cell-menu.tsx';
import type { Jump } from './jumps.ts';
import { togglePairs, toggleRelative } from './rows-line.tsx';

interface OperationsKeys {
  params: ViewParams;
  /** The chosen cell of the selected operation. */
  target: Target | null;
  jumps: readonly Jump[];
  change: (part: Partial<ViewParams>) => void;
  close: () => void;
  onInclude: (term: string) => void;
  onExclude: (term: string) => void;
  onMark: (term: string) => void;
  onAddMark: () => void;
  go: (href: string) => void;
}

export function useOperationsKeys(keys: OperationsKeys): void {
  const { params, target, jumps } = keys;
  const term = target?.column.terms?.(target.span)[0];
  const withTerm = (run: (term: string) => void) => () => {
    if (term !== undefined) run(term);
  };
  const shift = (by: number) => {
    const { range } = params;
    if (range?.fromUs == null || range.toUs == null) return;
    const length = range.toUs - range.fromUs;
    keys.change({ range: { fromUs: range.fromUs + by * length, toUs: range.toUs + by * length } });
  };
  const jump = (key: Jump['key']) => () => {
    const to = jumps.find((one) => one.key === key);
    if (to) keys.go(to.href);
  };
  const grid = () => document.querySelector<HTMLElement>('[role="grid"]');
  useKeys('operations', [
    // The table itself takes these once it has the focus.
    {
      keys: ['j', 'ArrowDown'],
      shownAs: 'j k',
      label: 'next, previous row; ← → choose its cell',
      run: () => grid()?.focus(),
    },
    { keys: ['i'], label: 'include', foot: true, run: withTerm(keys.onInclude) },
    { keys: ['x'], label: 'exclude', foot: true, run: withTerm(keys.onExclude) },
    {
      keys: ['h'],
      label: 'highlight',
      foot: true,
      run: () => (term === undefined ? keys.onAddMark() : keys.onMark(term)),
    },
    {
      keys: ['t'],
      label: 'show on the timeline',
      foot: jumps.some(({ key }) => key === 't'),
      run: jump('t'),
    },
    { keys: ['p'], label: 'life of path', foot: true, run: jump('p') },
    { keys: ['o'], label: 'its process', run: jump('o') },
    { keys: ['g'], label: 'its stall', run: jump('g') },
    { keys: ['T'], shownAs: 'Shift T', label: 'times relative or absolute', run: toggleRelative },
    { keys: ['E'], shownAs: 'Shift E', label: 'ENTER and EXIT apart, or one row each', run: togglePairs },
    { keys: ['['], label: 'range back', run: () => shift(-1) },
    { keys: [']'], label: 'range on', run: () => shift(1) },
    { keys: ['Escape'], shownAs: 'Esc', label: 'close the inspector', run: keys.close },
  ]);
}
