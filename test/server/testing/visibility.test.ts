// What operations prove of paths.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Visibility } from '../../../server/testing/visibility.ts';
import { blankSpan, type Span, setErrno } from '../../../shared/span.ts';

let now = 1;

/** An operation that has ended: `errno` 0 unless told. */
function done(op: string, path: string, more: Partial<Span> & { errno?: number } = {}): Span {
  const span = {
    ...blankSpan(now, 1, '/mnt', 'kernel', op),
    path,
    startUs: now++,
    durationNs: 1,
    state: 'done' as const,
  };
  Object.assign(span, more);
  setErrno(span, more.errno ?? 0);
  return span;
}

function after(...spans: Span[]): (path: string) => string {
  const seen = new Visibility();
  for (const span of spans) seen.learn(span);
  return (path) => {
    const { presence, kind } = seen.stateOf(path);
    return kind === null ? presence : `${presence} ${kind}`;
  };
}

test('nothing is known of what nobody touched', () => {
  expect(after()('/a')).toBe('unknown');
});

test('a success shows that a path is there, and that what it is in are directories', () => {
  const at = after(done('create', '/d/e/f'));
  expect(at('/d/e/f')).toBe('there file');
  expect(at('/d/e')).toBe('there directory');
  expect(at('/')).toBe('there directory');
  expect(after(done('lookup', '/a'))('/a')).toBe('there');
  expect(after(done('lookup', '/a'), done('opendir', '/a'))('/a')).toBe('there directory');
});

test('what failed proves nothing, but for a name that is not there', () => {
  expect(after(done('open', '/a', { errno: 13 }))('/a')).toBe('unknown');
  expect(after(done('lookup', '/a', { errno: 2 }))('/a')).toBe('gone');
  expect(after(done('create', '/a/b', { errno: 2 }))('/a/b')).toBe('unknown');
});

test('what was removed is gone, though its open file is still read', () => {
  const at = after(done('create', '/a'), done('unlink', '/a'), done('read', '/a', { fh: 3 }));
  expect(at('/a')).toBe('gone');
  expect(after(done('mkdir', '/d'), done('rmdir', '/d'))('/d')).toBe('gone');
});

test('what is renamed takes with it what is below', () => {
  const at = after(done('create', '/d/f'), done('rename', '/d', { newPath: '/e' }));
  expect(at('/d')).toBe('gone');
  expect(at('/d/f')).toBe('unknown');
  expect(at('/e')).toBe('there directory');
  expect(at('/e/f')).toBe('there file');
});

test('a replaced file is the one that took its name', () => {
  const at = after(done('mkdir', '/new'), done('rename2', '/tmp', { newPath: '/new' }));
  expect(at('/new')).toBe('there');
});

test('attributes are those that were set and not removed, of the file that is there now', () => {
  const seen = new Visibility();
  seen.learn(done('setxattr', '/a', { args: { name: 'user.x' } }));
  seen.learn(done('setxattr', '/a', { args: { name: 'user.y' } }));
  seen.learn(done('removexattr', '/a', { args: { name: 'user.x' } }));
  expect([...seen.stateOf('/a').xattrs]).toEqual(['user.y']);
  seen.learn(done('unlink', '/a'));
  seen.learn(done('create', '/a'));
  expect([...seen.stateOf('/a').xattrs]).toEqual([]);
});

test('an operation that is heard late changes nothing that a later one has proved', () => {
  const create = done('create', '/a');
  const unlink = done('unlink', '/a');
  expect(after(unlink, create)('/a')).toBe('gone');
});

test('unknown prefixes and open operations prove nothing', () => {
  expect(after(done('create', '#12/a'))('#12/a')).toBe('unknown');
  expect(after({ ...done('create', '/a'), state: 'open' })('/a')).toBe('unknown');
});

test('any order of creations, removals and renames ends as a file system would', () => {
  const names = ['/a', '/b', '/c'];
  const step = fc.record({
    op: fc.constantFrom('create', 'unlink', 'rename'),
    from: fc.constantFrom(...names),
    to: fc.constantFrom(...names),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const model = new Set<string>();
      const seen = new Visibility();
      for (const { op, from, to } of steps) {
        if (op === 'create') {
          model.add(from);
          seen.learn(done(op, from));
        } else if (model.has(from) && from !== to) {
          model.delete(from);
          if (op === 'rename') model.add(to);
          seen.learn(done(op, from, op === 'rename' ? { newPath: to } : {}));
        }
      }
      for (const name of names) {
        const { presence } = seen.stateOf(name);
        if (model.has(name)) expect(presence).toBe('there');
        else expect(presence).not.toBe('there');
      }
    }),
  );
});
