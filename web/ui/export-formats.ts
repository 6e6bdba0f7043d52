// What each format of an export is for, in the menus that offer them.
import type { ExportFormat } from '../../shared/api.ts';

export const FORMAT_WORDS: readonly (readonly [ExportFormat, string])[] = [
  ['perfetto', 'Perfetto trace, for ui.perfetto.dev'],
  ['chrome', 'Chrome JSON, for speedscope and others'],
  ['csv', 'CSV, a row per operation'],
  ['ndjson', 'NDJSON, a span per line'],
];
