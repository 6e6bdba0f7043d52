// The demo hangs one operation on purpose; this lets it go.
import { useMutation, useQuery } from '@tanstack/react-query';
import type { Span } from '../../../shared/span.ts';
import { apiPost } from '../../api/client.ts';
import { mirrorsQuery } from '../../api/queries.ts';
import { Problem } from '../../ui/problem.tsx';
import { recordingId } from '../../url/recording.ts';

/** The demo's mirror that a span belongs to, if it does. */
export function useDemoMirror(span: Span) {
  const { data } = useQuery(mirrorsQuery);
  // What a recording shows is over.
  if (recordingId !== null) return null;
  return data?.items.find((mirror) => mirror.demo && mirror.mountpoint === span.mount) ?? null;
}

export function ReleaseButton({ span, primary = false }: { span: Span; primary?: boolean }) {
  const mirror = useDemoMirror(span);
  const release = useMutation({ mutationFn: (id: number) => apiPost(`/mirrors/${id}/release`) });
  if (!mirror || span.state !== 'open') return null;
  return (
    <>
      <button
        type="button"
        className={primary ? 'btn pri' : 'btn sm'}
        disabled={release.isPending}
        onClick={() => release.mutate(mirror.id)}
      >
        {release.isPending ? 'Releasing' : 'Release it'}
      </button>
      {release.error && <Problem error={release.error} />}
    </>
  );
}

/** Why there is such a button; nothing for a mount that is not the demo's. */
export function DemoNote({ span }: { span: Span }) {
  const mirror = useDemoMirror(span);
  if (!mirror) return null;
  return (
    <p>
      This mount is the demo. It hangs one operation on purpose, until it is released
      {span.state === 'open' ? '.' : '; this one was.'}
    </p>
  );
}
