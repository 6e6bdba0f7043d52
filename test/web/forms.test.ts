// What the forms of the page make of their fields: faults as the command makes them, and rules of thresholds.
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { addFaultOptions, ruleFromFlags } from '../../server/cli/fault-options.ts';
import { FAULT_PRESETS } from '../../shared/fault-presets.ts';
import { addCommand, EMPTY_FORM, formOf, readForm } from '../../web/views/faults/form.ts';
import { fieldTime, timeOf } from '../../web/views/recordings/words.ts';
import { emptyRow, readRows, rowsOf, serverErrors } from '../../web/views/settings/rules.ts';

test.each(FAULT_PRESETS)(
  'the form holds all of preset $name, and its command says the same',
  ({ name, rule }) => {
    const form = formOf(rule, name);
    const read = readForm(form);
    expect(read.errors).toEqual({});
    const { match = {}, effect } = read.rule ?? { effect: {} };
    expect({ match, effect }).toEqual({ match: rule.match ?? {}, effect: rule.effect });
    const words = addCommand('/mnt/x', form).split(' ').slice(4);
    const command = addFaultOptions(new Command()).parse(words, { from: 'user' });
    const told = ruleFromFlags(command.opts(), undefined);
    expect({ match: told.match ?? {}, effect: told.effect }).toEqual({ match, effect });
  },
);

test('a fault that is none says which field is wrong', () => {
  const errors = (part: object) => Object.keys(readForm({ ...EMPTY_FORM, ...part }).errors);
  expect(errors({})).toEqual(['delay']);
  expect(errors({ wait: 'none' })).toEqual(['act']);
  expect(errors({ delay: '5ms', op: 'reed' })).toEqual(['op']);
  expect(errors({ delay: '5ms', op: 'lookup' })).toEqual(['op']);
  expect(errors({ delay: '9ms..1ms' })).toEqual(['delay']);
  expect(errors({ wait: 'none', act: 'errno', value: 'EWHAT' })).toEqual(['value']);
  expect(errors({ wait: 'none', act: 'partial', value: 'much' })).toEqual(['value']);
  expect(errors({ wait: 'none', act: 'stale', value: '5ms', op: 'read' })).toEqual(['op']);
  expect(
    errors({ delay: '5ms', every: '0', after: '-1', probability: '120%', ttl: 'soon' }).toSorted(),
  ).toEqual(['after', 'every', 'probability', 'ttl']);
  expect(readForm({ ...EMPTY_FORM, delay: '5ms', probability: '20%' }).rule?.match).toEqual({
    probability: 0.2,
  });
});

test('rules of thresholds come back as they were, and say what is wrong with which field', () => {
  const rules = [{ mount: '/mnt/nas', op: 'read', slowMs: 1_500, stalledMs: 60_000 }, { stalledMs: 2_050 }];
  expect(readRows(rowsOf(rules)).rules).toEqual(rules);
  const row = { ...emptyRow(), mount: 'nas', op: 'reed', slow: '2s', stalled: '1s' };
  expect(readRows([row]).errors.map(Object.keys)).toEqual([['op', 'mount', 'stalled']]);
  expect(readRows([emptyRow()]).errors.map(Object.keys)).toEqual([['slow']]);
  expect(serverErrors('body/thresholds/1/slowMs must be >= 1', 2)).toEqual([{}, { slow: 'It must be >= 1' }]);
  expect(serverErrors('the server failed', 2)).toBeNull();
});

test('times go into a field of date and time and come out again', () => {
  const us = Date.UTC(2026, 0, 31, 14, 0, 0, 125) * 1e3;
  expect(timeOf(fieldTime(us))).toBe(us);
  expect([timeOf(''), timeOf('soon')]).toEqual([null, undefined]);
});
