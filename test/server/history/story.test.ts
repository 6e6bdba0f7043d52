import { expect, test } from 'vitest';
import { directoriesAbove, namesOf } from '../../../server/history/names.ts';
import { tellStory } from '../../../server/history/story.ts';
import { actorText, fateText } from '../../../shared/history.ts';
import { blankSpan, type Span, setErrno } from '../../../shared/span.ts';

let next = 1;
function op(name: string, path: string, more: Partial<Span> & { errno?: number } = {}): Span {
  const id = next++;
  const span: Span = {
    ...blankSpan(id, 1, '/mnt', 'mirror', name),
    state: 'done',
    startUs: 1_000_000 * id,
    durationNs: 1_000,
    path,
    pid: 40,
    uid: 0,
    comm: 'sh',
    ...more,
  };
  setErrno(span, more.errno ?? 0);
  return span;
}

function story(path: string, spans: Span[]) {
  const renames = spans
    .filter((span) => span.op === 'rename' && span.errno === 0)
    .map((span) => ({ from: span.path ?? '', to: span.newPath ?? '' }));
  return tellStory(path, namesOf(path, renames), spans, 100);
}
const deeds = (told: ReturnType<typeof story>) => told.items.map((item) => item.deed);

test('a file is created, written and removed, and who removed it is known', () => {
  const told = story('/a', [
    op('create', '/a'),
    op('write', '/a', { bytes: 5 }),
    op('write', '/a', { bytes: 7 }),
    op('unlink', '/a', { comm: 'rm', pid: 77 }),
  ]);
  expect(deeds(told)).toEqual(['created', 'wrote', 'removed']);
  expect(told.items[1]).toMatchObject({ count: 2, bytes: 12 });
  expect(told).toMatchObject({ fate: 'removed', by: { comm: 'rm', pid: 77, op: 'unlink' } });
  expect(fateText({ ...told, path: '/a' }, () => 'noon')).toBe('Removed by rm 77 (uid 0) at noon, unlink.');
});

test('the story goes back over renames to where the thing was made', () => {
  const told = story('/b', [
    op('create', '/a.tmp'),
    op('write', '/a.tmp'),
    op('rename', '/a.tmp', { newPath: '/b', comm: 'mv' }),
  ]);
  expect(deeds(told)).toEqual(['created', 'wrote', 'renamed']);
  expect(told.names).toEqual(['/a.tmp', '/b']);
  expect(told).toMatchObject({ fate: 'there', by: { comm: 'mv' } });
});

test('and on to where it went, though the name asked for is gone', () => {
  const told = story('/a', [
    op('create', '/a'),
    op('rename', '/a', { newPath: '/b' }),
    op('write', '/b'),
    op('unlink', '/b'),
  ]);
  expect(deeds(told)).toEqual(['created', 'renamed', 'wrote', 'removed']);
  expect(told).toMatchObject({ fate: 'renamed', by: { newPath: '/b' } });
});

test('what is saved by a rename over it is replaced, not removed', () => {
  const told = story('/a', [
    op('create', '/a', { comm: 'first' }),
    op('create', '/a.new'),
    op('rename', '/a.new', { newPath: '/a', comm: 'editor' }),
  ]);
  expect(deeds(told)).toEqual(['created', 'created', 'replaced']);
  expect(told).toMatchObject({ fate: 'there', by: { comm: 'editor' } });
});

test('a name that another file bore before, and bears after, does not join their stories', () => {
  const told = story('/log', [
    op('create', '/log', { comm: 'old' }),
    op('rename', '/log', { newPath: '/log.1' }),
    op('create', '/log', { comm: 'new' }),
    op('create', '/other'),
    op('rename', '/other', { newPath: '/log.1' }),
    op('write', '/log.1', { comm: 'stranger' }),
  ]);
  expect(told.items.map((item) => item.comm)).not.toContain('stranger');
  expect(told).toMatchObject({ fate: 'there', by: { deed: 'created', comm: 'new' } });
});

test('what happens to a directory above happens to the path', () => {
  const told = story('/d/e/f', [
    op('create', '/d/e/f'),
    op('rename', '/d', { newPath: '/old', comm: 'mv' }),
    op('unlink', '/old/e/f', { comm: 'rm' }),
  ]);
  expect(told.items.map(({ deed, above }) => [deed, above])).toEqual([
    ['created', false],
    ['renamed', true],
    ['removed', false],
  ]);
  expect(fateText({ ...told, path: '/d/e/f' }, () => 'noon')).toBe(
    'Not under this name any more: its directory /d was renamed to /old by mv 40 (uid 0) at noon.',
  );
});

test('failures are told, in rows of one kind, and change no fate', () => {
  const told = story('/a', [
    op('getattr', '/a', { errno: 2 }),
    op('getattr', '/a', { errno: 2 }),
    op('create', '/a'),
    op('unlink', '/a', { errno: 13, comm: 'rm' }),
  ]);
  expect(told.items.map(({ deed, count, error }) => [deed, count, error])).toEqual([
    ['failed', 2, 'ENOENT'],
    ['created', 1, null],
    ['failed', 1, 'EACCES'],
  ]);
  expect(told).toMatchObject({ fate: 'there', by: { deed: 'created' } });
});

test('an operation that hangs is told of as not finished', () => {
  const told = story('/a', [op('unlink', '/a', { state: 'open', durationNs: null })]);
  expect(fateText({ ...told, path: '/a' }, () => 'noon')).toMatch(/^Not finished: unlink of \/a by sh 40/);
});

test('nothing is said of what nothing is known of', () => {
  const told = story('/a', [op('create', '/b'), op('getattr', '/a')]);
  expect(told).toMatchObject({ items: [], fate: 'unknown', by: null });
  expect(fateText({ ...told, path: '/a' }, String)).toMatch(/^Nothing that was traced/);
  expect(actorText({ comm: null, pid: null, uid: null })).toBe('Someone');
});

test('names follow renames of directories, in both directions, and stay bounded', () => {
  expect(namesOf('/x/f', [{ from: '/y', to: '/x' }])).toEqual(new Set(['/x/f', '/y/f']));
  const growing = Array.from({ length: 5_000 }, (_, i) => ({ from: `/t${i}`, to: '/f' }));
  expect(namesOf('/f', growing).size).toBe(1_000);
  expect(namesOf('/a', [{ from: '/a', to: '/a/b' }]).size).toBeLessThanOrEqual(1_000);
  expect([...directoriesAbove(['/a/b/c'])]).toEqual(['/a/b', '/a', '/']);
});
