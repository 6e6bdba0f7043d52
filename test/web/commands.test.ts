// The command that each view is copied as: whatever narrows the view narrows the command.
import { expect, test } from 'vitest';
import {
  errorsCommand,
  filesCommand,
  latencyCommand,
  operationsCommand,
  stallsCommand,
} from '../../web/ui/commands.ts';

const ALL = { filter: '', range: null, recording: null };
const RANGE = { filter: 'path:"/a b"', range: { fromUs: 1.5, toUs: 9.5 }, recording: null };
const KEPT = { ...RANGE, recording: 3 };
const NARROWED = `--filter 'path:"/a b"' --from 1 --to 10`;

test('operations are followed live, and exported of a range or a recording', () => {
  expect(operationsCommand(ALL)).toBe('fusescope tail');
  expect(operationsCommand({ ...RANGE, range: null })).toBe(`fusescope tail --filter 'path:"/a b"'`);
  expect(operationsCommand(RANGE)).toBe(`fusescope export - --format ndjson ${NARROWED}`);
  expect(operationsCommand(KEPT)).toBe(`fusescope export - --format ndjson ${NARROWED} --recording 3`);
  expect(operationsCommand({ ...ALL, range: { fromUs: 1.5, toUs: null } })).toBe(
    'fusescope export - --format ndjson --from 1',
  );
});

test('latency has its operation or key, filter, and window or range', () => {
  expect(latencyCommand(ALL, 'comm', 'cat', '1m')).toBe('fusescope latency --by comm --over 1m');
  expect(latencyCommand(ALL, 'op', null, 'all')).toBe('fusescope latency');
  expect(latencyCommand(ALL, 'op', 'read', '10m')).toBe('fusescope latency --op read --over 10m');
  expect(latencyCommand(ALL, 'op', null, '1h')).toBe('fusescope latency --over 60m');
  expect(latencyCommand(KEPT, 'op', 'read', '10m')).toBe(
    `fusescope latency --op read ${NARROWED} --recording 3`,
  );
});

test('errors and stalls are of the range and the recording', () => {
  expect(errorsCommand(KEPT)).toBe(`fusescope errors ${NARROWED} --recording 3`);
  expect(stallsCommand(ALL)).toBe('fusescope stalls');
  expect(stallsCommand(KEPT)).toBe('fusescope stalls --recording 3');
});

test('files are the story of the chosen path, else what costs most', () => {
  const none = { path: null, mount: '/mnt/x', by: null };
  expect(filesCommand(KEPT, { ...none, path: '/it’s' })).toBe(
    `fusescope history '/it’s' --mount /mnt/x --from 1 --to 10 --recording 3`,
  );
  expect(filesCommand({ ...ALL, filter: 'op:read' }, none)).toBe('fusescope top --by path --filter op:read');
  expect(filesCommand(ALL, { ...none, path: '/a', by: 'processes' })).toBe('fusescope top --by process');
  expect(filesCommand(RANGE, none)).toBe(`fusescope export - --format ndjson ${NARROWED}`);
});
