// How much is kept: set here and in force at once, or left to the options that the server was started with.
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useStore } from 'zustand';
import type { Retention, SettingsAnswer, StartedWith } from '../../../shared/settings.ts';
import { formatBytes, formatDuration, formatRound } from '../../../shared/units.ts';
import { apiPut } from '../../api/client.ts';
import { queryClient, settingsQuery } from '../../api/queries.ts';
import { clock } from '../../live/clock.ts';
import { live } from '../../live/feed.ts';
import { Command } from '../../ui/copy.tsx';
import { Field } from '../../ui/field.tsx';
import { Problem } from '../../ui/problem.tsx';
import { visible } from '../../ui/visible.ts';
import { goesAtOnce, readRetention, retentionTexts } from './retention-fields.ts';
import './retention.css';

interface RetentionProps {
  retention: Retention | null;
  startedWith: StartedWith;
}

export function RetentionSettings({ retention, startedWith }: RetentionProps) {
  const inForce = retention ?? startedWith;
  const store = useStore(live, (state) => state.gauges?.store ?? null);
  const ageS = store?.oldestUs == null ? null : (clock.nowUs() - store.oldestUs) / 1e6;
  return (
    <section aria-label="Retention">
      <h2>What is kept</h2>
      <p>
        Operations go when they are older than {formatRound(inForce.maxAgeS * 1e9).text}, or when the store is
        larger than {formatBytes(inForce.maxBytes).text}, the oldest first. Recordings are never let go.
      </p>
      <dl className="set-facts">
        <div>
          <dt>Holds</dt>
          <dd>
            {ageS === null ? 'nothing yet' : `the last ${formatDuration(ageS * 1e9).text}`},{' '}
            {formatBytes(store?.sizeBytes ?? 0).text} of {formatBytes(inForce.maxBytes).text}
          </dd>
        </div>
        <div>
          <dt>Database</dt>
          <dd className="mono">
            {startedWith.db === ':memory:' ? 'in memory: gone when the server ends' : visible(startedWith.db)}
          </dd>
        </div>
        {store?.state === 'failing' && (
          <div>
            <dt>Trouble</dt>
            <dd className="er">{visible(store.message ?? 'the store cannot be written')}</dd>
          </div>
        )}
      </dl>
      <Limits
        key={JSON.stringify(inForce)}
        inForce={inForce}
        held={{ sizeBytes: store?.sizeBytes ?? 0, ageS }}
        isSet={retention !== null}
      />
      <p className="quiet-note">
        {retention === null
          ? 'So the server was started. Its options, for another start:'
          : `Set here, over what the server was started with: ${formatBytes(startedWith.maxBytes).text} and ${formatRound(startedWith.maxAgeS * 1e9).text}. As options:`}
      </p>
      <Command command={commandFor(inForce)} />
    </section>
  );
}

/** Sizes of the option are whole units or bytes; its ages are days. */
function commandFor({ maxBytes, maxAgeS }: Retention): string {
  const size =
    maxBytes % 1_024 ** 3 === 0 ? `${maxBytes / 1_024 ** 3}G` : `${Math.round(maxBytes / 1_024 ** 2)}M`;
  return `fusescope serve --max-size ${size} --max-age ${Number((maxAgeS / 86_400).toFixed(3))}`;
}

interface LimitsProps {
  inForce: Retention;
  held: { sizeBytes: number; ageS: number | null };
  /** It was set here, and can be left to the options again. */
  isSet: boolean;
}

function Limits({ inForce, held, isSet }: LimitsProps) {
  const usual = retentionTexts(inForce);
  const [texts, setTexts] = useState(usual);
  const [tried, setTried] = useState(false);
  const { retention, errors } = readRetention(texts);
  const save = useMutation({
    mutationFn: (next: Retention | null) => apiPut<SettingsAnswer>('/settings', { retention: next }),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: settingsQuery.queryKey }),
  });
  const changed = texts.size !== usual.size || texts.age !== usual.age;
  const goes = changed && retention ? goesAtOnce(retention, held) : null;
  const edit = (part: Partial<typeof texts>) => {
    setTexts({ ...texts, ...part });
    save.reset();
  };
  return (
    <form
      className="set-limits"
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (retention) save.mutate(retention);
      }}
    >
      {(['size', 'age'] as const).map((name) => (
        <Field
          key={name}
          label={name === 'size' ? 'At most' : 'No older than'}
          error={(tried && errors[name]) || null}
          hint={name === 'size' ? 'such as 8 GiB' : 'such as 30 d, 12 h'}
        >
          {(field) => (
            <input
              {...field}
              className="cell-input"
              value={texts[name]}
              spellCheck={false}
              onChange={(event) => edit({ [name]: event.target.value })}
            />
          )}
        </Field>
      ))}
      {goes !== null && (
        <p className="set-goes" role="status">
          Once it is saved, {goes} goes for good.
        </p>
      )}
      {save.error && <Problem error={save.error} />}
      <div className="set-acts">
        <button type="submit" className="btn" disabled={!changed || save.isPending}>
          {save.isPending ? 'Saving' : goes === null ? 'Save' : 'Save and let go'}
        </button>
        {isSet && (
          <button type="button" className="btn ghost" onClick={() => save.mutate(null)}>
            As the server was started
          </button>
        )}
        <span role="status" className="dim">
          {changed ? 'not saved yet' : save.isSuccess ? 'saved; in force' : ''}
        </span>
      </div>
    </form>
  );
}
