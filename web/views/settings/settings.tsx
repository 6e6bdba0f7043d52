// Settings: from when an operation is slow or stalled; and what holds of retention, alerts, access, the looks of the
// page and the machine, with the way to change each.
import { useQuery } from '@tanstack/react-query';
import { settingsQuery } from '../../api/queries.ts';
import { Coming } from '../../ui/coming.tsx';
import { commandChoice, commandLine, jsonChoice, useCopies } from '../../ui/copies.ts';
import { Findings } from '../../ui/findings.tsx';
import { NotInRecording } from '../../ui/not-in-recording.tsx';
import { Problem } from '../../ui/problem.tsx';
import { recordingId } from '../../url/recording.ts';
import { AlertSettings } from './alerts.tsx';
import { Looks } from './looks.tsx';
import { RetentionSettings } from './retention.tsx';
import { Access } from './started-with.tsx';
import { Thresholds } from './thresholds.tsx';
import '../../ui/field.css';
import './settings.css';

export default function SettingsView() {
  if (recordingId !== null) return <NotInRecording what="Settings are those of the server." />;
  return <LiveSettings />;
}

function LiveSettings() {
  const query = useQuery(settingsQuery);
  const { data } = query;
  useCopies([commandChoice(commandLine('doctor')), jsonChoice('JSON', () => data ?? {})]);
  return (
    <div className="settings">
      <h1>Settings</h1>
      {query.error && <Problem error={query.error} onRetry={() => query.refetch()} />}
      {query.isPending && <Coming rows={8} what="settings" />}
      {data && <Thresholds key={JSON.stringify(data.thresholds)} rules={data.thresholds} />}
      {data && <RetentionSettings retention={data.retention} startedWith={data.startedWith} />}
      <AlertSettings />
      {data && <Access startedWith={data.startedWith} />}
      <Looks />
      <section aria-label="This machine">
        <h2>What this machine offers</h2>
        <p>The same as fusescope doctor says.</p>
        <Findings />
      </section>
    </div>
  );
}
