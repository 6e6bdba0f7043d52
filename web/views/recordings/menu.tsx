// What can be done with a recording.
import { ChevronDown } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import { RECORDING_EXTENSION, type Recording } from '../../../shared/recording.ts';
import { apiUrl } from '../../api/client.ts';
import { commandLine } from '../../ui/copies.ts';
import { copyText } from '../../ui/copy.tsx';
import { FORMAT_WORDS } from '../../ui/export-formats.ts';
import { visible } from '../../ui/visible.ts';
import { recordingHref } from '../../url/recording.ts';
import type { Deed } from './recordings.tsx';
import '../../ui/menus.css';

interface MenuProps {
  recording: Recording;
  onAsk: (deed: Deed, recording: Recording) => void;
}

export function RecordingMenu({ recording, onAsk }: MenuProps) {
  const { id, name, state } = recording;
  const broken = state === 'broken';
  const item = (words: string, deed: Deed) => (
    <DropdownMenu.Item className="menu-item" onSelect={() => onAsk(deed, recording)}>
      {words}
    </DropdownMenu.Item>
  );
  const copied = (words: string, text: string) => (
    <DropdownMenu.Item className="menu-item" onSelect={() => void copyText(text)}>
      {words}
    </DropdownMenu.Item>
  );
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger className="btn sm">
        Actions
        <span className="sr"> for {visible(name)}</span>
        <ChevronDown className="ic" aria-hidden />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu" align="end" sideOffset={4}>
          {!broken && (
            <>
              {item('Name and notes', 'describe')}
              {item('Compare its latency', 'compare')}
              {item('Trim, or keep a part', 'trim')}
              <DropdownMenu.Separator className="menu-line" />
              <DropdownMenu.Label className="menu-label">Share</DropdownMenu.Label>
              <DropdownMenu.Item className="menu-item" asChild>
                <a href={apiUrl(`/recordings/${id}/file`)} download>
                  The recording itself
                  <code>.{RECORDING_EXTENSION}</code>
                </a>
              </DropdownMenu.Item>
              {FORMAT_WORDS.map(([format, words]) => (
                <DropdownMenu.Item key={format} className="menu-item" asChild>
                  <a href={apiUrl('/export', { format, recording: id })} download>
                    {words}
                  </a>
                </DropdownMenu.Item>
              ))}
              {copied('Copy its address in this page', new URL(recordingHref(id), location.origin).href)}
              {copied(
                'Copy the command that saves it',
                commandLine('record', 'save', String(id), `recording-${id}.${RECORDING_EXTENSION}`),
              )}
              <DropdownMenu.Separator className="menu-line" />
            </>
          )}
          {item('Delete', 'remove')}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
