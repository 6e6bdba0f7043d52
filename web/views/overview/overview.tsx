// Overview: the answer first, then every mount, then what has been open the longest.
import { useRef } from 'react';
import { useListKeys } from '../../keys/list.ts';
import { shown } from '../../live/feed.ts';
import { stallsCommand } from '../../ui/commands.ts';
import { commandChoice, commandLine, jsonChoice, useCopies } from '../../ui/copies.ts';
import { recordingId } from '../../url/recording.ts';
import { ByOperation, SlowestLately } from './by-op.tsx';
import { EndedStalls } from './ended.tsx';
import { Lead } from './lead.tsx';
import { MountMapCard } from './map/map.tsx';
import { MountList } from './mounts.tsx';
import { OpenList } from './open-list.tsx';
import { Privilege } from './privilege.tsx';
import './overview.css';
import './rows.css';

export function OverviewView() {
  const box = useRef<HTMLDivElement>(null);
  useListKeys('overview', 'mount', box);
  useCopies([
    commandChoice(recordingId === null ? commandLine('mounts') : stallsCommand({ recording: recordingId })),
    jsonChoice('JSON of the mounts', () => shown.getState().mounts),
  ]);
  return (
    <div className="overview" ref={box}>
      <Lead />
      <Privilege />
      <MountList />
      <MountMapCard />
      <div className="under">
        <div>
          <OpenList />
          <SlowestLately />
        </div>
        <div>
          <ByOperation />
          <EndedStalls />
        </div>
      </div>
    </div>
  );
}
