// Many stalls of one cause are one alert: begun once, ended once, with counts.
import { expect, it } from 'vitest';
import { Episodes } from '../../../server/alerts/episodes.ts';
import { ruleOf } from '../../../server/alerts/rules.ts';
import type { AlertRuleConfig } from '../../../server/config/schema.ts';
import type { AlertMessage } from '../../../shared/alerts.ts';
import { type CauseKind, noDiagnosis } from '../../../shared/diagnosis.ts';
import { blankSpan } from '../../../shared/span.ts';
import type { Stall } from '../../../shared/stall.ts';

const S = 1e6;

function stall(
  id: number,
  fields: { mount?: string; op?: string; cause?: CauseKind; ageMs?: number } = {},
): Stall {
  const { mount = '/mnt/x', op = 'lookup', cause, ageMs = 1_000 } = fields;
  const mountId = mount === '/mnt/x' ? 1 : 2;
  return {
    id,
    span: { ...blankSpan(id, mountId, mount, 'kernel', op), pid: id, comm: 'ls', startUs: 0 },
    ageMs,
    thresholdMs: 1_000,
    state: 'open',
    raisedUs: S,
    closedUs: null,
    endedBy: null,
    ...noDiagnosis(),
    cause:
      cause === undefined
        ? null
        : {
            kind: cause,
            text: 'The daemon is stopped',
            confidence: 'certain',
            evidence: [],
            culprit: { kind: 'process', name: 'bindfs', pid: 9, tid: null, mountId },
            advice: '',
            key: cause,
          },
  };
}

function episodes(...rules: (Partial<AlertRuleConfig> & { name: string })[]) {
  const told: AlertMessage[] = [];
  const under = new Episodes('here', (_rule, message) => told.push(message));
  under.rules = rules.map((rule) => ruleOf({ journal: true, quiet: '5s', ...rule }));
  const events = () => told.map(({ rule, event, stalls }) => `${rule} ${event} ${stalls}`);
  return { under, told, events };
}

const close = (one: Stall, ageMs: number): Stall => Object.assign(one, { state: 'closed', ageMs });

it('tells a hundred stalls of one cause once, and their end once, with counts', () => {
  const { under, told, events } = episodes({ name: 'all' });
  const stalls = Array.from({ length: 100 }, (_, i) => stall(i, { cause: 'daemon-stopped' }));
  for (let at = 1; at <= 4; at++) under.look(stalls.slice(0, at * 25), (1 + at) * S);
  for (const one of stalls) under.closed(close(one, 7_000), 8 * S);
  under.look([], 10 * S);
  expect(events()).toEqual(['all raised 1']);
  under.look([], 13 * S);
  expect(events()).toEqual(['all raised 1', 'all closed 100']);
  expect(told[1]).toMatchObject({
    id: told[0]?.id,
    open: 0,
    longestMs: 7_000,
    cause: { kind: 'daemon-stopped' },
  });
  expect(told[1]?.processes).toHaveLength(50);
  expect(told[1]?.text).toBe(
    '/mnt/x goes on. 100 operations hung, the longest for 7.0 s: The daemon is stopped',
  );
});

it('counts what comes back within the quiet time to the same alert', () => {
  const { under, events } = episodes({ name: 'all' });
  for (let i = 0; i < 10; i++) {
    const one = stall(i, { cause: 'blocked-on-network' });
    under.look([one], (10 + 3 * i) * S);
    under.closed(close(one, 2_000), (12 + 3 * i) * S);
  }
  under.look([], 60 * S);
  expect(events()).toEqual(['all raised 1', 'all closed 10']);
});

it('tells two causes, and two mounts, apart', () => {
  const { under, events } = episodes({ name: 'all' });
  under.look(
    [
      stall(1, { cause: 'daemon-stopped' }),
      stall(2, { cause: 'blocked-on-disk' }),
      stall(3, { cause: 'blocked-on-disk', mount: '/mnt/y' }),
    ],
    2 * S,
  );
  expect(events()).toHaveLength(3);
});

it('waits for the cause, but not for ever', () => {
  const { under, events } = episodes({ name: 'all' }, { name: 'net', cause: ['blocked-on-network'] });
  const one = stall(1);
  under.look([one], 2 * S);
  expect(events()).toEqual([]);
  under.look([one], 5 * S);
  expect(events()).toEqual(['all raised 1']);
  one.cause = stall(2, { cause: 'blocked-on-network' }).cause;
  under.look([one], 6 * S);
  expect(events()).toEqual(['all raised 1', 'net raised 1']);
});

it('goes by mount, operation and age', () => {
  const { under, events } = episodes(
    { name: 'y', mount: '/mnt/y*' },
    { name: 'reads', op: ['read', 'readdir'] },
    { name: 'long', after: '1m' },
  );
  const old = stall(1, { cause: 'unknown', ageMs: 60_000 });
  under.look([old, stall(2, { cause: 'unknown', op: 'read' })], 70 * S);
  expect(events().sort()).toEqual(['long raised 1', 'reads raised 1']);
});

it('tells of one that ended before anybody looked at it', () => {
  const { under, events } = episodes({ name: 'all' });
  under.closed(close(stall(1), 1_200), 2 * S);
  under.look([], 8 * S);
  expect(events()).toEqual(['all raised 1', 'all closed 1']);
});
