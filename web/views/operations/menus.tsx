// Export: the trace as a file.
import { ChevronDown } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import { apiUrl } from '../../api/client.ts';
import { FORMAT_WORDS } from '../../ui/export-formats.ts';
import type { ViewParams } from '../../url/params.ts';
import '../../ui/menus.css';

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
          {FORMAT_WORDS.map(([format, words]) => (
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
