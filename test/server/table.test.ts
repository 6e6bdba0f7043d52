import { expect, it } from 'vitest';
import { formatTable, visible } from '../../server/cli/table.ts';

it('aligns cells and shows control characters instead of sending them', () => {
  const columns = [
    { head: 'PATH', value: (row: { path: string; n: number }) => row.path },
    { head: 'N', value: (row: { path: string; n: number }) => String(row.n), right: true },
  ];
  const rows = [
    { path: '/a', n: 5 },
    { path: '/\u001b[2J\u202e', n: 1234 },
  ];
  const path = '/\\x1b[2J\\u{202e}';
  const lines = [`${'PATH'.padEnd(path.length)}     N`, `${'/a'.padEnd(path.length)}     5`, `${path}  1234`];
  expect(formatTable(columns, rows)).toBe(`${lines.join('\n')}\n`);
  expect(visible('plain – ü')).toBe('plain – ü');
});

it('says what many rows have in common once', () => {
  const columns = [
    { head: 'MOUNT', value: (row: string[]) => row[0] ?? '' },
    { head: 'WHY', value: (row: string[]) => row[1] ?? '', ditto: true },
  ];
  const why = 'it needs CAP_BPF';
  const rows = [
    ['/a', why],
    ['/b', why],
    ['/c', ''],
    ['/d', ''],
    ['/e', why],
  ];
  expect(formatTable(columns, rows).split('\n').slice(1)).toEqual([
    `/a     ${why}`,
    '/b     as above',
    '/c',
    '/d',
    `/e     ${why}`,
    '',
  ]);
});
