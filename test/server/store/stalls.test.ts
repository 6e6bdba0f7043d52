// Stalls that come back are one group: how often, for how long, what ended them; and the audit of ways out.
import { expect, it } from 'vitest';
import { openDatabase } from '../../../server/store/open.ts';
import { GROUPS } from '../../../server/store/query-stalls.ts';
import { type Cause, noDiagnosis } from '../../../shared/diagnosis.ts';
import type { Stall } from '../../../shared/stall.ts';
import type { Audit } from '../../../shared/ways.ts';
import { cleanUp, open, span, T0, tempFile } from './helpers.ts';

function cause(key: string): Cause {
  return {
    kind: 'blocked-on-network',
    text: `nas is silent (${key})`,
    confidence: 'certain',
    evidence: [],
    culprit: { kind: 'peer', name: 'nas:22', pid: null, tid: null, mountId: null },
    advice: '',
    key,
  };
}

function stall(id: number, fields: Partial<Stall> = {}): Stall {
  return {
    id,
    span: span(id, { op: 'lookup' }),
    ageMs: 1_000 * id,
    thresholdMs: 1_000,
    state: 'closed',
    raisedUs: T0 + id * 1e6,
    closedUs: T0 + id * 2e6,
    endedBy: { kind: 'answered', text: '' },
    ...noDiagnosis(),
    ...fields,
  };
}

it('groups stalls by cause: incidents, operations, lengths, endings', async () => {
  const store = await open(tempFile());
  // Two incidents of one cause, the first with three operations; one of another cause; two of none.
  for (const id of [1, 2, 3]) store.putStall(stall(id, { groupId: 1, cause: cause('net') }));
  store.putStall(
    stall(4, { cause: cause('disk'), groupId: 4, state: 'open', closedUs: null, endedBy: null }),
  );
  const aborted = { kind: 'aborted', text: '' } as const;
  store.putStall(stall(5, { groupId: 5, cause: cause('net'), endedBy: aborted }));
  store.putStall(stall(6));
  store.putStall(stall(7));
  const groups = await store.stallGroups(10);
  expect(groups.map((one) => [one.key, one.incidents, one.operations, one.open])).toEqual([
    ['/mnt/x lookup', 2, 2, 0],
    ['net', 2, 4, 0],
    ['disk', 1, 1, 1],
  ]);
  expect(groups[1]).toMatchObject({
    mount: '/mnt/x',
    kind: 'blocked-on-network',
    text: 'nas is silent (net)',
    culprit: 'nas:22',
    longestMs: 5_000,
    totalMs: 11_000,
    firstUs: T0 + 1e6,
    lastUs: T0 + 5e6,
    lastStallId: 5,
    endings: [
      { kind: 'answered', count: 3 },
      { kind: 'aborted', count: 1 },
    ],
  });
  expect(groups[0]).toMatchObject({ kind: null, text: null, culprit: null });
  expect((await store.incidents('net', 10)).map((one) => one.id)).toEqual([5, 3]);
  expect((await store.incidents('disk', 10)).map((one) => one.id)).toEqual([]);
});

it('groups them without reading what each stall holds', () => {
  const { db } = openDatabase(tempFile());
  cleanUp(() => void db.close());
  const plan = db.prepare(`EXPLAIN QUERY PLAN ${GROUPS}`).all(10) as { detail: string }[];
  const scans = plan.map((one) => one.detail).filter((detail) => detail.startsWith('SCAN stalls'));
  expect(scans).toEqual(['SCAN stalls USING COVERING INDEX stalls_by_cause']);
});

it('keeps the audit: a line is written twice, and pages go on from a cursor', async () => {
  const file = tempFile();
  const store = await open(file);
  const line = (id: number, outcome: Audit['outcome']): Audit => ({
    id,
    atUs: T0 + id,
    action: 'abort',
    mountId: 1,
    mount: "/mnt/'; DROP TABLE audit; --",
    connection: 42,
    target: null,
    uid: 0,
    via: 'cli',
    address: '127.0.0.1',
    outcome,
    text: 'aborted',
  });
  expect(store.nextAuditId).toBe(1);
  for (const id of [1, 2, 3]) store.putAudit(line(id, 'begun'));
  store.putAudit(line(2, 'done'));
  const first = await store.audit(2, null);
  expect(first.items).toEqual([line(3, 'begun'), line(2, 'done')]);
  expect(await store.audit(2, first.nextCursor)).toEqual({ items: [line(1, 'begun')], nextCursor: null });
  await expect(store.audit(2, 'stall.3')).rejects.toMatchObject({ code: 'FUSESCOPE_CURSOR' });
  await store.close();
  expect((await open(file)).nextAuditId).toBe(4);
});
