// Export: the trace as a file.
import { ChevronDown } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import type { ExportFormat } from '../../../shared/api.ts';
import { apiUrl } from '../../api/client.ts';
import type { ViewParams } from '../../url/params.ts';
import '../../ui/menus.css';

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
