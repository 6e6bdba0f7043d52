// Copy as … and Export: the view as a link, as a command, as JSON; the trace as a file.
import { ChevronDown } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import { useState } from 'react';
import type { ExportFormat } from '../../../shared/api.ts';
import { shellWord } from '../../../shared/shell-word.ts';
import { apiUrl } from '../../api/client.ts';
import { copyText } from '../../ui/copy.tsx';
import type { ViewParams } from '../../url/params.ts';
import type { OperationsModel } from './model.ts';
import './menus.css';

/** The command line that shows the same as the view. */
export function commandFor(params: Pick<ViewParams, 'filter' | 'range'>): string {
  const filter = params.filter === '' ? '' : ` --filter ${shellWord(params.filter)}`;
  if (!params.range) return `fusescope tail${filter}`;
  const { fromUs, toUs } = params.range;
  const from = fromUs === null ? '' : ` --from ${Math.floor(fromUs)}`;
  const to = toUs === null ? '' : ` --to ${Math.ceil(toUs)}`;
  return `fusescope export - --format ndjson${filter}${from}${to}`;
}

const COPIED_ROWS = 1_000;

export function CopyMenu({ params, model }: { params: ViewParams; model: OperationsModel }) {
  const [said, setSaid] = useState('');
  const copy = async (text: string) => {
    setSaid((await copyText(text)) ? 'Copied' : 'Not allowed');
    setTimeout(() => setSaid(''), 1_600);
  };
  const rows = () => Array.from({ length: Math.min(COPIED_ROWS, model.length) }, (_, i) => model.at(i));
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger className="btn sm">
        <span aria-live="polite">{said || 'Copy as'}</span>
        <ChevronDown className="ic" aria-hidden />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu" align="end" sideOffset={4}>
          <DropdownMenu.Item className="menu-item" onSelect={() => copy(location.href)}>
            URL of this view
          </DropdownMenu.Item>
          <DropdownMenu.Item className="menu-item" onSelect={() => copy(commandFor(params))}>
            Command <code>{commandFor(params).slice(0, 40)}</code>
          </DropdownMenu.Item>
          <DropdownMenu.Item className="menu-item" onSelect={() => copy(JSON.stringify(rows(), null, 1))}>
            JSON of the first {COPIED_ROWS.toLocaleString('en')} rows
          </DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

const FORMATS: readonly (readonly [ExportFormat, string])[] = [
  ['perfetto', 'Perfetto trace, for ui.perfetto.dev'],
  ['chrome', 'Chrome JSON, for speedscope and others'],
  ['csv', 'CSV, a row per operation'],
  ['ndjson', 'NDJSON, a span per line'],
];

export function ExportMenu({ params }: { params: ViewParams }) {
  const { filter, range } = params;
  const whole = { from: range?.fromUs, to: range?.toUs };
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger className="btn sm">
        Export
        <ChevronDown className="ic" aria-hidden />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu" align="end" sideOffset={4}>
          <DropdownMenu.Label className="menu-label">
            {filter === '' ? 'All operations' : 'What the filter leaves'}
            {range ? ' of this range' : ' that are stored'}
          </DropdownMenu.Label>
          {FORMATS.map(([format, words]) => (
            <DropdownMenu.Item key={format} className="menu-item" asChild>
              <a href={apiUrl('/export', { format, filter, ...whole })} download>
                {words}
              </a>
            </DropdownMenu.Item>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
