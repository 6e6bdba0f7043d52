// What the forms of the page make of their fields: faults as the command makes them, and rules of thresholds.
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { addFaultOptions, ruleFromFlags } from '../../server/cli/fault-options.ts';
import { FAULT_PRESETS } from '../../shared/fault-presets.ts';
import { addCommand, EMPTY_FORM, formOf, readForm } from '../../web/views/faults/form.ts';
import { fieldTime, timeOf } from '../../web/views/recordings/words.ts';
import { goesAtOnce, readRetention, retentionTexts } from '../../web/views/settings/retention-fields.ts';
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

test('what is kept is read as it is written, and says what goes at once', () => {
  const GIB = 1_024 ** 3;
  for (const retention of [
    { maxBytes: 2 * GIB, maxAgeS: 7 * 86_400 },
    { maxBytes: 512 * 1_024 ** 2, maxAgeS: 129_600 },
    { maxBytes: 1_024 * GIB, maxAgeS: 3_600 },
  ])
    expect(readRetention(retentionTexts(retention))).toEqual({ retention, errors: {} });
  expect(readRetention({ size: '1.5g', age: '2 days' }).retention).toEqual({
    maxBytes: 1.5 * GIB,
    maxAgeS: 172_800,
  });
  const wrong = (size: string, age: string) => Object.keys(readRetention({ size, age }).errors);
  expect(wrong('', '')).toEqual(['size', 'age']);
  expect(wrong('15 MiB', '59 min')).toEqual(['size', 'age']);
  expect(wrong('2', '1 h')).toEqual(['size']);
  const held = { sizeBytes: 3 * GIB, ageS: 200_000 };
  expect(goesAtOnce({ maxBytes: 4 * GIB, maxAgeS: 300_000 }, held)).toBe(null);
  expect(goesAtOnce({ maxBytes: GIB, maxAgeS: 86_400 }, held)).toMatch(
    /^what is older than 1 d.*, and the oldest 2 GiB of 3 GiB$/,
  );
});
