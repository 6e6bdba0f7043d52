// From when an operation is slow and from when it is stalled: rules in order, and what they make of each mount.
import { useMutation } from '@tanstack/react-query';
import { ArrowUp, Trash2 } from 'lucide-react';
import { useId, useState } from 'react';
import { useStore } from 'zustand';
import { useShallow } from 'zustand/react/shallow';
import type { SettingsAnswer } from '../../../shared/settings.ts';
import { type ThresholdRule, thresholdsFor } from '../../../shared/stall.ts';
import { formatDuration } from '../../../shared/units.ts';
import { apiPut } from '../../api/client.ts';
import { queryClient, settingsQuery } from '../../api/queries.ts';
import { live } from '../../live/feed.ts';
import { Problem } from '../../ui/problem.tsx';
import { visible } from '../../ui/visible.ts';
import { emptyRow, type RowErrors, type RuleRow, readRows, rowsOf, serverErrors } from './rules.ts';

const COLUMNS = [
  { field: 'mount', head: 'Mount', hint: 'any', wide: true },
  { field: 'fsType', head: 'File system', hint: 'any', wide: false },
  { field: 'op', head: 'Operation', hint: 'any', wide: false },
  { field: 'slow', head: 'Slow over', hint: 'as before', wide: false },
  { field: 'stalled', head: 'Stalled after', hint: 'as before', wide: false },
] as const;

export function Thresholds({ rules }: { rules: readonly ThresholdRule[] }) {
  const [rows, setRows] = useState(() => rowsOf(rules));
  const [tried, setTried] = useState(false);
  const read = readRows(rows);
  const save = useMutation({
    mutationFn: (thresholds: ThresholdRule[]) => apiPut<SettingsAnswer>('/settings', { thresholds }),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: settingsQuery.queryKey }),
  });
  const fromServer = save.error ? serverErrors(save.error.message, rows.length) : null;
  const errors = fromServer ?? (tried ? read.errors : []);
  const changed = JSON.stringify(rows.map(bare)) !== JSON.stringify(rowsOf(rules).map(bare));
  const edit = (next: RuleRow[]) => {
    setRows(next);
    save.reset();
  };
  return (
    <section aria-label="Thresholds">
      <h2>Slow and stalled</h2>
      <p>
        Slow is marked and counted: over 100 ms, a read over 1 s. Stalled is raised, diagnosed, recorded and
        alerted while it hangs: after 1 s, a read after 5 s. Rules change that; the last one that matches
        decides.
      </p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          setTried(true);
          if (read.rules) save.mutate(read.rules);
        }}
      >
        {rows.length > 0 && (
          <div className="set-rules">
            <div className="set-rule set-head" aria-hidden="true">
              {COLUMNS.map(({ field, head }) => (
                <span key={field}>{head}</span>
              ))}
            </div>
            {rows.map((row, i) => (
              <Rule
                key={row.key}
                number={i + 1}
                row={row}
                errors={errors[i] ?? {}}
                onChange={(next) => edit(rows.map((one) => (one.key === row.key ? next : one)))}
                onUp={i === 0 ? null : () => edit(moved(rows, i))}
                onRemove={() => edit(rows.filter((one) => one.key !== row.key))}
              />
            ))}
          </div>
        )}
        {save.error && fromServer === null && <Problem error={save.error} />}
        <div className="set-acts">
          <button type="button" className="btn" onClick={() => edit([...rows, emptyRow()])}>
            Add a rule
          </button>
          <button type="submit" className="btn pri" disabled={!changed || save.isPending}>
            {save.isPending ? 'Saving' : 'Save'}
          </button>
          <span role="status" className="dim">
            {changed ? 'not saved yet' : save.isSuccess ? 'saved; in force' : ''}
          </span>
        </div>
      </form>
      <InForce rules={read.rules ?? rules} preview={changed && read.rules !== null} />
    </section>
  );
}

const bare = ({ key: _key, ...fields }: RuleRow) => fields;

/** The row at a place, and the one before it, changed over. */
function moved(rows: readonly RuleRow[], at: number): RuleRow[] {
  const row = rows[at];
  return row
    ? [...rows.slice(0, at - 1), row, ...rows.slice(at - 1).filter((one) => one !== row)]
    : [...rows];
}

interface RuleProps {
  number: number;
  row: RuleRow;
  errors: RowErrors;
  onChange: (row: RuleRow) => void;
  onUp: (() => void) | null;
  onRemove: () => void;
}

function Rule({ number, row, errors, onChange, onUp, onRemove }: RuleProps) {
  const id = useId();
  const mounts = useStore(
    live,
    useShallow((state) => state.mounts.filter((one) => one.state !== 'gone').map((one) => one.mount)),
  );
  return (
    <fieldset className="set-rule" aria-label={`Rule ${number}`}>
      {COLUMNS.map(({ field, head, hint, wide }) => (
        <div key={field} data-head={head}>
          <input
            className={wide ? 'cell-input mono' : 'cell-input'}
            aria-label={head}
            aria-invalid={errors[field] ? true : undefined}
            aria-describedby={errors[field] ? `${id}-${field}` : undefined}
            placeholder={field === 'mount' || field === 'fsType' || field === 'op' ? hint : 'unchanged'}
            list={field === 'mount' ? `${id}-mounts` : undefined}
            value={row[field]}
            spellCheck={false}
            onChange={(event) => onChange({ ...row, [field]: event.target.value })}
          />
          {errors[field] && (
            <p className="field-error" id={`${id}-${field}`}>
              {errors[field]}
            </p>
          )}
        </div>
      ))}
      <div className="set-rule-acts">
        <button
          type="button"
          className="icb"
          disabled={onUp === null}
          aria-label={`Move rule ${number} up`}
          onClick={() => onUp?.()}
        >
          <ArrowUp className="ic" aria-hidden />
        </button>
        <button type="button" className="icb" aria-label={`Remove rule ${number}`} onClick={onRemove}>
          <Trash2 className="ic" aria-hidden />
        </button>
      </div>
      <datalist id={`${id}-mounts`}>
        {mounts.map((mount) => (
          <option key={mount} value={mount} />
        ))}
      </datalist>
    </fieldset>
  );
}

const SHOWN = ['read', 'getattr'] as const;

/** What the rules make of the mounts there are: of reads, and of what is no read. */
function InForce({ rules, preview }: { rules: readonly ThresholdRule[]; preview: boolean }) {
  const mounts = useStore(
    live,
    useShallow((state) => state.mounts.filter((one) => one.state !== 'gone')),
  );
  const named = [...new Set(rules.flatMap(({ op }) => (op === undefined || op === 'read' ? [] : [op])))];
  const ops = [...SHOWN, ...named.filter((op) => op !== 'getattr')];
  if (mounts.length === 0) return null;
  return (
    <table className="set-force">
      <caption>
        {preview ? 'With these rules, once they are saved' : 'In force now'}{' '}
        <span>slow over, stalled after</span>
      </caption>
      <thead>
        <tr>
          <th scope="col">Mount</th>
          {ops.map((op) => (
            <th key={op} scope="col">
              {op}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {mounts.map(({ id, mount, fsType }) => (
          <tr key={id}>
            <td className="mono">{visible(mount)}</td>
            {ops.map((op) => {
              const { slowMs, stalledMs } = thresholdsFor(rules, { mount, fsType, op });
              return (
                <td key={op} className="n sec">
                  {formatDuration(slowMs * 1e6).text}, {formatDuration(stalledMs * 1e6).text}
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
