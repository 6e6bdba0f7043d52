// The preview of a way out and its confirmation. The focus begins on Cancel, so that Enter alone never does anything;
// afterwards the same dialog says whether it worked.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { AlertDialog } from 'radix-ui';
import { formatAge } from '../../shared/units.ts';
import type { Action, Outcome, Preview, WaySignal } from '../../shared/ways.ts';
import { apiPost } from '../api/client.ts';
import { Figure } from './figure.tsx';
import { Op } from './glyph.tsx';
import { PathText } from './path.tsx';
import { Problem } from './problem.tsx';
import { visible } from './visible.ts';
import '../keys/sheet.css';
import './way-dialog.css';

export interface Asked {
  mountId: number;
  action: Action;
  /** Of signal: whom. */
  pid: number | null;
  signal: WaySignal;
}

/** What cannot be taken back. */
const DANGEROUS: ReadonlySet<Action['action']> = new Set(['abort', 'signal']);
const OPERATIONS_SHOWN = 6;
const HOLDERS_SHOWN = 5;

export function WayDialog({ asked, onClose }: { asked: Asked; onClose: () => void }) {
  const { mountId, action, pid, signal } = asked;
  const client = useQueryClient();
  const preview = useQuery({
    queryKey: ['preview', mountId, action.action, pid, signal],
    queryFn: () =>
      apiPost<Preview>(`/mounts/${mountId}/preview`, {
        action: action.action,
        ...(pid === null ? {} : { pid, signal }),
      }),
    // Its token is good once: another look is another preview.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    retry: false,
  });
  const deed = useMutation({
    mutationFn: (token: string) =>
      apiPost<Outcome>(`/mounts/${mountId}/${action.action}`, { token, via: 'page' }),
    onSettled: () => client.invalidateQueries({ queryKey: ['actions'] }),
  });
  const error = preview.error ?? deed.error;
  return (
    <AlertDialog.Root open onOpenChange={(open) => !open && onClose()}>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className="veil" />
        <AlertDialog.Content className="sheet way-dialog" aria-busy={preview.isPending || deed.isPending}>
          <AlertDialog.Title className="sheet-title">
            {action.title} {preview.data && <span className="mono">{visible(preview.data.mount)}</span>}
          </AlertDialog.Title>
          <AlertDialog.Description asChild>
            <div>
              {preview.isPending && <p className="quiet-note">Looking who is hit</p>}
              {preview.data && !deed.data && <Shown preview={preview.data} />}
              {deed.data && <Done outcome={deed.data} />}
            </div>
          </AlertDialog.Description>
          {error && <Problem error={error} />}
          <div className="foot-acts">
            <AlertDialog.Cancel className="btn">{deed.data ? 'Close' : 'Cancel'}</AlertDialog.Cancel>
            {!deed.data && (
              <button
                type="button"
                className={DANGEROUS.has(action.action) ? 'btn danger' : 'btn pri'}
                disabled={!preview.data || deed.isPending || deed.isError}
                onClick={() => preview.data && deed.mutate(preview.data.token)}
              >
                {deed.isPending ? 'Doing it, then looking' : preview.data ? preview.data.title : action.title}
              </button>
            )}
          </div>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}

function Shown({ preview }: { preview: Preview }) {
  const { effects, operations, operationCount, holders, incomplete } = preview;
  const more = operationCount - Math.min(operations.length, OPERATIONS_SHOWN);
  return (
    <>
      <ul className="effects">
        {effects.map((effect) => (
          <li key={effect}>{visible(effect)}</li>
        ))}
      </ul>
      {operations.length > 0 && (
        <ul className="hit" aria-label="Operations it ends">
          {operations.slice(0, OPERATIONS_SHOWN).map((one, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a list that is shown once
            <li key={i}>
              <Op op={one.op} />
              <PathText path={one.path} />
              <span className="ell sec">
                {visible(one.comm ?? '')} <span className="dim">{one.pid}</span>
              </span>
              <span className="right st">
                <Figure of={formatAge(one.ageMs)} />
              </span>
            </li>
          ))}
          {more > 0 && <li className="dim">and {more} more</li>}
        </ul>
      )}
      {holders.length > 0 && <Holders holders={holders} />}
      {incomplete !== null && <p className="quiet-note">Not seen: {visible(incomplete)}.</p>}
    </>
  );
}

function Holders({ holders }: { holders: Preview['holders'] }) {
  return (
    <ul className="hit held-files" aria-label="Who has files open">
      {holders.slice(0, HOLDERS_SHOWN).map((one) => (
        <li key={one.pid}>
          <span className="ell">
            {visible(one.comm ?? 'process')} <span className="dim">{one.pid}</span>
          </span>
          <PathText path={one.files[0]?.path ?? null} />
          <span className="dim right">{one.fileCount > 1 ? `and ${one.fileCount - 1} more` : ''}</span>
        </li>
      ))}
      {holders.length > HOLDERS_SHOWN && <li className="dim">and {holders.length - HOLDERS_SHOWN} more</li>}
    </ul>
  );
}

const WORDS: Readonly<Record<Outcome['audit']['outcome'], string>> = {
  begun: 'What came of it is not known',
  done: 'It worked',
  partly: 'It was done, but',
  failed: 'It did not work',
};

function Done({ outcome: { audit, holders, next } }: { outcome: Outcome }) {
  return (
    <div role="status">
      <p className="outcome">
        <b>{WORDS[audit.outcome]}:</b> {visible(audit.text)}.
      </p>
      {holders.length > 0 && <Holders holders={holders} />}
      {next !== null && <p className="quiet-note">{visible(next)}</p>}
      <p className="quiet-note">Written down in the audit as number {audit.id}.</p>
    </div>
  );
}
