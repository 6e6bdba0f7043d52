// The table of formats.
import type { ExportFormat } from '../../shared/api.ts';
import { chrome } from './chrome.ts';
import { csv } from './csv.ts';
import type { Exporter } from './format.ts';
import { html } from './html.ts';
import { ndjson } from './ndjson.ts';
import { otlp } from './otlp.ts';
import { perfetto } from './perfetto.ts';

export const EXPORTERS: Readonly<Record<ExportFormat, Exporter>> = {
  perfetto,
  chrome,
  csv,
  ndjson,
  otlp,
  html,
};
