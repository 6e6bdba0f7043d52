// A new fault: a preset to begin with and the incident it comes from, fields, and the same as a command.
import { useMutation, useQuery } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import type { Fault } from '../../../shared/api.ts';
import type { FaultRule } from '../../../shared/fault.ts';
import { describeEffect, describeMatch } from '../../../shared/fault-text.ts';
import type { Mount } from '../../../shared/mount.ts';
import { apiPost } from '../../api/client.ts';
import { presetsQuery } from '../../api/queries.ts';
import { Command } from '../../ui/copy.tsx';
import { Field } from '../../ui/field.tsx';
import { Problem } from '../../ui/problem.tsx';
import { visible } from '../../ui/visible.ts';
import { refreshFaults } from './board.ts';
import {
  ACTS,
  type Act,
  addCommand,
  EMPTY_FORM,
  formOf,
  type RuleForm,
  readForm,
  WAITS,
  type Wait,
} from './form.ts';

export function AddForm({ mirrors }: { mirrors: readonly Mount[] }) {
  const presets = useQuery(presetsQuery);
  const [chosen, setChosen] = useState<number | null>(null);
  const [form, setForm] = useState<RuleForm>(EMPTY_FORM);
  /**
   * Errors are shown where somebody has tried to add it, or has gone on to another field: not as a field is left, since
   * what then moves would take the button away from under the pointer.
   */
  const [tried, setTried] = useState(false);
  const [left, setLeft] = useState<ReadonlySet<keyof RuleForm>>(new Set());
  const last = useRef<keyof RuleForm | null>(null);
  const mirror = mirrors.find((one) => one.id === chosen) ?? mirrors[0];
  const { rule, errors } = readForm(form);
  const preset = presets.data?.items.find((one) => one.name === form.preset);
  const add = useMutation({
    mutationFn: (asked: { mount: number; rule: FaultRule }) => apiPost<Fault>('/faults', asked),
    onSuccess: () => {
      setForm(EMPTY_FORM);
      setTried(false);
      setLeft(new Set());
      return refreshFaults();
    },
  });
  const set = (part: Partial<RuleForm>) => setForm((before) => ({ ...before, ...part }));
  const enter = (field: keyof RuleForm) => {
    const before = last.current;
    last.current = field;
    if (before !== null && before !== field && form[before] !== '')
      setLeft((fields) => new Set(fields).add(before));
  };
  const text = (field: keyof RuleForm, label: string, placeholder: string, hint?: string) => (
    <Field
      label={label}
      error={tried || left.has(field) ? (errors[field] ?? null) : null}
      {...(hint === undefined ? {} : { hint })}
    >
      {(props) => (
        <input
          {...props}
          className="mono"
          value={form[field]}
          spellCheck={false}
          placeholder={placeholder}
          onChange={(event) => set({ [field]: event.target.value })}
          onFocus={() => enter(field)}
        />
      )}
    </Field>
  );
  const act = ACTS[form.act];
  return (
    <form
      className="fault-form"
      aria-label="New fault"
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (rule && mirror) add.mutate({ mount: mirror.id, rule });
      }}
    >
      <div className="hd">
        <h2>New fault</h2>
        <span>it holds from the next operation on</span>
      </div>
      <div className="fault-fields">
        <Field label="Begin with" className="two">
          {(props) => (
            <select
              {...props}
              value={form.preset}
              onChange={(event) => {
                const next = presets.data?.items.find((one) => one.name === event.target.value);
                setForm(next ? formOf(next.rule, next.name) : EMPTY_FORM);
                setTried(false);
                setLeft(new Set());
              }}
            >
              <option value="">an empty rule</option>
              {presets.data?.items.map((one) => (
                <option key={one.name} value={one.name}>
                  {one.title}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label="Mirror" className="two">
          {(props) => (
            <select {...props} value={mirror?.id} onChange={(event) => setChosen(Number(event.target.value))}>
              {mirrors.map((one) => (
                <option key={one.id} value={one.id}>
                  {visible(one.mount)}
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
      {preset && (
        <p className="fault-incident">
          <b>Where it happened.</b> {preset.incident}
        </p>
      )}
      <fieldset>
        <legend>Which operations</legend>
        <div className="fault-fields">
          {text('op', 'Operations', 'all it can be done to', 'read, write, getattr, …')}
          {text('path', 'Paths', 'all', '/a/**, *.tmp')}
          {text('comm', 'Program', 'any', 'rsync, git*')}
          {text('every', 'Each nth', '1')}
          {text('after', 'Not the first', '0')}
          {text('first', 'So many times at most', 'no limit')}
          {text('probability', 'By chance', '100%')}
        </div>
      </fieldset>
      <fieldset>
        <legend>What happens to them</legend>
        <div className="fault-fields">
          <Field label="First">
            {(props) => (
              <select
                {...props}
                value={form.wait}
                onChange={(event) => set({ wait: event.target.value as Wait })}
              >
                {Object.entries(WAITS).map(([wait, words]) => (
                  <option key={wait} value={wait}>
                    {words}
                  </option>
                ))}
              </select>
            )}
          </Field>
          {form.wait === 'delay' &&
            text('delay', 'How long', '50ms', '50ms, 10ms..80ms, 50ms+-10ms, 20ms/p99=2s')}
          <Field label="Then" error={tried ? (errors.act ?? null) : null}>
            {(props) => (
              <select
                {...props}
                value={form.act}
                onChange={(event) => set({ act: event.target.value as Act, value: '' })}
              >
                {Object.entries(ACTS).map(([name, { words }]) => (
                  <option key={name} value={name}>
                    {words}
                  </option>
                ))}
              </select>
            )}
          </Field>
          {act.asks !== null && text('value', act.asks, '', act.hint)}
          {text('ttl', 'Off by itself after', 'never', 'such as 10m')}
          {text('note', 'Note', 'for people')}
        </div>
      </fieldset>
      {add.error && <Problem error={add.error} />}
      <div className="fault-add">
        <button type="submit" className="btn pri" disabled={add.isPending}>
          {add.isPending ? 'Adding it' : 'Add it'}
        </button>
        <p className="quiet-note" role="status">
          {rule ? `${describeMatch(rule.match ?? {})}: ${describeEffect(rule.effect)}` : ''}
        </p>
      </div>
      {rule && mirror && <Command command={addCommand(mirror.mount, form)} />}
    </form>
  );
}
