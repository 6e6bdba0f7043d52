// A preview as text for a terminal.
import { formatAge } from '../../shared/units.ts';
import type { Preview } from '../../shared/ways.ts';
import { type Column, formatTable, visible } from './table.ts';

const OPERATIONS: readonly Column<Preview['operations'][number]>[] = [
  { head: '  OPERATION', value: (one) => `  ${one.op}` },
  { head: 'OPEN FOR', value: (one) => formatAge(one.ageMs).text, right: true },
  { head: 'CALLER', value: (one) => `${one.comm ?? '?'} ${one.pid ?? ''}` },
  { head: 'PATH', value: (one) => one.path ?? '–' },
];
const HOLDERS: readonly Column<Preview['holders'][number]>[] = [
  { head: '  HAS OPEN', value: (one) => `  ${one.comm ?? '?'} ${one.pid}` },
  { head: 'FILES', value: (one) => String(one.fileCount), right: true },
  { head: 'FIRST', value: (one) => one.files[0]?.path ?? '–' },
];

export function previewText(preview: Preview): string {
  const parts = [
    `${preview.title}: ${visible(preview.mount)}\n`,
    ...preview.effects.map((effect) => `  ${visible(effect)}\n`),
  ];
  if (preview.operations.length > 0) parts.push('\n', formatTable(OPERATIONS, preview.operations));
  const more = preview.operationCount - preview.operations.length;
  if (preview.operations.length > 0 && more > 0) parts.push(`  and ${more} more\n`);
  if (preview.holders.length > 0) parts.push('\n', formatTable(HOLDERS, preview.holders));
  if (preview.incomplete !== null) parts.push(`\n  Not seen: ${visible(preview.incomplete)}.\n`);
  return `${parts.join('')}\n`;
}
