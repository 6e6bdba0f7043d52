// Recordings: what grows, what is kept, what is read from logs; started, looked at, described, trimmed, sent, removed.
import { useQuery } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { useStore } from 'zustand';
import type { Recording } from '../../../shared/recording.ts';
import { isGrowing, recordingsQuery } from '../../api/queries.ts';
import { useListKeys } from '../../keys/list.ts';
import { recorder } from '../../recordings/recorder.ts';
import { Coming } from '../../ui/coming.tsx';
import { commandChoice, commandLine, jsonChoice, useCopies } from '../../ui/copies.ts';
import { Problem } from '../../ui/problem.tsx';
import { CompareDialog } from './compare.tsx';
import { DescribeDialog } from './describe.tsx';
import { Growing } from './growing.tsx';
import { Imports } from './imports.tsx';
import { Lead } from './lead.tsx';
import { RecordingTable } from './list.tsx';
import { RemoveDialog } from './remove.tsx';
import { TrimDialog } from './trim.tsx';
import './recordings.css';

export type Deed = 'describe' | 'trim' | 'compare' | 'remove';
const DIALOGS = {
  describe: DescribeDialog,
  trim: TrimDialog,
  compare: CompareDialog,
  remove: RemoveDialog,
} satisfies Record<Deed, unknown>;

export default function RecordingsView() {
  const query = useQuery(recordingsQuery);
  const { error } = useStore(recorder);
  const [asked, setAsked] = useState<{ deed: Deed; recording: Recording } | null>(null);
  const box = useRef<HTMLDivElement>(null);
  useListKeys('recordings', 'next, previous recording', box);
  useCopies([
    commandChoice(commandLine('record', 'list')),
    jsonChoice('JSON', () => query.data?.items ?? []),
  ]);
  const items = query.data?.items ?? [];
  const growing = items.filter(isGrowing);
  const kept = items.filter((one) => !isGrowing(one));
  const ask = (deed: Deed, recording: Recording) => setAsked({ deed, recording });
  const Dialog = asked && DIALOGS[asked.deed];
  return (
    <div className="recs" ref={box}>
      <Lead growing={growing} count={items.length} known={query.data !== undefined} />
      {error && <Problem error={error} />}
      {query.error && <Problem error={query.error} onRetry={() => query.refetch()} />}
      {growing.map((recording) => (
        <Growing key={recording.id} recording={recording} onAsk={ask} />
      ))}
      <Imports />
      {query.isPending && <Coming rows={6} what="recordings" />}
      {kept.length > 0 && <RecordingTable recordings={kept} onAsk={ask} />}
      {asked && Dialog && <Dialog recording={asked.recording} others={kept} onClose={() => setAsked(null)} />}
    </div>
  );
}
