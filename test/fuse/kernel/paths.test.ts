import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PathTable } from '../../../fuse/kernel/paths.ts';
import { opCode } from '../../../shared/ops.ts';
import { type Inode, ModelFs } from './model-fs.ts';
import { record } from './records.ts';

const GETATTR = opCode('getattr');

/** The path that a table shows for a node. */
const pathOf = (table: PathTable, nodeid: number | string) =>
  table.pathOf(record({ opcode: GETATTR, nodeid })).path;

const NAMES = ['a', 'b', 'c'];
const step = fc.record({
  what: fc.constantFrom(
    'create',
    'mkdir',
    'mkdir',
    'symlink',
    'remove',
    'link',
    'rename',
    'rename',
    'exchange',
    'forget',
  ),
  at: fc.nat(20),
  name: fc.constantFrom(...NAMES),
  to: fc.nat(20),
  toName: fc.constantFrom(...NAMES),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function act(fs: ModelFs, { what, at, name, to, toName }: Step): void {
  const all = fs.directories();
  const directory = all[at % all.length] as Inode;
  const target = all[to % all.length] as Inode;
  if (what === 'remove') fs.remove(directory, name);
  else if (what === 'link') fs.link(directory, name, target, toName);
  else if (what === 'rename' || what === 'exchange')
    fs.rename(directory, name, target, toName, what === 'exchange');
  else if (what === 'forget') fs.forget(directory);
  else fs.make(directory, name, what as 'create');
}

/** Nodes the kernel may still name in a request whose shown path is none of theirs. */
function wrong(fs: ModelFs, table: PathTable, unknownIsWrong: boolean): string[] {
  const paths = fs.paths();
  const found: string[] = [];
  for (const [id, inode] of fs.known) {
    const shown = pathOf(table, id) ?? '';
    const own = paths.get(inode) ?? [];
    const known = !shown.startsWith('#');
    // Of a file with several names, those that were not looked up are not known.
    if (known ? !own.includes(shown) : unknownIsWrong && own.length > 0 && !inode.wasLinked)
      found.push(`${id}: shown ${shown}, is ${own.join(' or ') || 'nowhere'}`);
  }
  return found;
}

describe('path table', () => {
  test('knows every node by a path it has, whatever is made, moved, linked, removed and forgotten', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const table = new PathTable();
        const fs = new ModelFs((one) => table.learn(one));
        for (const one of steps) {
          act(fs, one);
          expect(wrong(fs, table, true)).toEqual([]);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('shows no path that is not so when it may remember only few nodes', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const table = new PathTable(8);
        const fs = new ModelFs((one) => table.learn(one));
        for (const one of steps) {
          act(fs, one);
          expect(wrong(fs, table, false)).toEqual([]);
          expect(table.size).toBeLessThanOrEqual(8);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('ends, and finds the way again, when the daemon moves things behind the kernel', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), step), { maxLength: 60, size: 'max' }), (steps) => {
        const table = new PathTable();
        const fs = new ModelFs((one) => table.learn(one));
        for (const [behind, one] of steps) {
          const all = fs.directories();
          if (behind)
            fs.moveBehind(
              all[one.at % all.length] as Inode,
              one.name,
              all[one.to % all.length] as Inode,
              one.toName,
            );
          else act(fs, one);
          for (const id of fs.known.keys()) pathOf(table, id);
        }
        const paths = fs.paths();
        for (const inode of paths.keys()) {
          if (!inode.entries) continue;
          fs.reach(inode);
          if (inode.id !== 0) expect(paths.get(inode)).toContain(pathOf(table, inode.id));
        }
      }),
      { numRuns: 300 },
    );
  });

  test('shows what it has not learned as a number, and what lies below with it', () => {
    const table = new PathTable();
    table.learn(record({ opcode: opCode('lookup'), nodeid: 1234, name: 'name', replyNodeid: 5 }));
    expect(pathOf(table, 5)).toBe('#1234/name');
    expect(table.pathOf(record({ opcode: opCode('unlink'), nodeid: 5, name: 'x' })).path).toBe(
      '#1234/name/x',
    );
    expect(pathOf(table, '18446744073709551615')).toBe('#18446744073709551615');
    table.learn(record({ opcode: opCode('lookup'), nodeid: 1, name: 'd', replyNodeid: 1234, replyLinks: 1 }));
    expect(pathOf(table, 5)).toBe('/d/name');
  });

  test('a failed, open or nameless request teaches nothing', () => {
    const table = new PathTable();
    table.learn(record({ opcode: opCode('mkdir'), name: 'd', replyNodeid: 7, errno: 17 }));
    table.learn(record({ opcode: opCode('mkdir'), name: 'd', replyNodeid: 7, kind: 'open', errno: null }));
    table.learn(record({ opcode: opCode('tmpfile'), replyNodeid: 7 }));
    expect(pathOf(table, 7)).toBe('#7');
  });

  test('a request has the paths of its names; an extended attribute is none', () => {
    const table = new PathTable();
    table.learn(record({ opcode: opCode('mkdir'), name: 'd', replyNodeid: 7 }));
    const rename = record({ opcode: opCode('rename'), nodeid: 7, name: 'x', newParent: 1, newName: 'y' });
    expect(table.pathOf(rename)).toEqual({ path: '/d/x', newPath: '/y' });
    const xattr = record({ opcode: opCode('getxattr'), nodeid: 7, name: 'user.a' });
    expect(table.pathOf(xattr)).toEqual({ path: '/d', newPath: null });
    expect(table.pathOf(record({ opcode: opCode('init'), nodeid: 0 }))).toEqual({
      path: null,
      newPath: null,
    });
  });

  test('takes in what is known from elsewhere, and joins it with what is learned', () => {
    const table = new PathTable();
    table.adopt(9, '/a/b/file');
    expect(pathOf(table, 9)).toBe('/a/b/file');
    table.learn(record({ opcode: opCode('lookup'), name: 'a', replyNodeid: 3, replyLinks: 1 }));
    expect(pathOf(table, 9)).toBe('/a/b/file');
    table.learn(record({ opcode: opCode('rename'), name: 'a', newParent: 1, newName: 'z' }));
    expect(pathOf(table, 9)).toBe('/z/b/file');
    table.learn(record({ opcode: opCode('lookup'), nodeid: 3, name: 'b', replyNodeid: 4, replyLinks: 1 }));
    expect(table.pathOf(record({ opcode: opCode('create'), nodeid: 4, name: 'n' })).path).toBe('/z/b/n');
    expect(pathOf(table, 9)).toBe('/z/b/file');
  });

  test('what is replaced by something unknown is no longer there', () => {
    const table = new PathTable();
    table.learn(record({ opcode: opCode('create'), name: 'file', replyNodeid: 5 }));
    table.learn(record({ opcode: opCode('rename'), nodeid: 8, name: 'x', newParent: 1, newName: 'file' }));
    expect(pathOf(table, 5)).toBe('#5');
  });

  test('a file of which one hard link is left is shown by that one', () => {
    const table = new PathTable();
    table.learn(record({ opcode: opCode('create'), name: 'one', replyNodeid: 5 }));
    table.learn(record({ opcode: opCode('link'), nodeid: 5, newParent: 1, newName: 'two', replyNodeid: 5 }));
    expect(pathOf(table, 5)).toBe('/two');
    table.learn(record({ opcode: opCode('unlink'), name: 'two' }));
    expect(pathOf(table, 5)).toBe('/one');
    table.learn(record({ opcode: opCode('unlink'), name: 'one' }));
    expect(pathOf(table, 5)).toBe('#5');
  });
});
