// A stack is folded to what tells something.
import { expect, it } from 'vitest';
import { noDiagnosis } from '../../shared/diagnosis.ts';
import { blankSpan } from '../../shared/span.ts';
import type { Stall } from '../../shared/stall.ts';
import { groupStalls } from '../../web/ui/stall-groups.ts';
import { foldStack, foldUserStack, ownFunctions } from '../../web/views/stalls/stack.ts';

const STACK = [
  'request_wait_answer+0x1b/0x210 [fuse]',
  'fuse_simple_request+0x2e/0x60 [fuse]',
  'fuse_do_getattr+0xd3/0x2a0 [fuse]',
  'vfs_getattr_nosec+0xb5/0xf0',
  'my_own_driver+0x1/0x2',
  'vfs_statx+0xa1/0x180',
  'vfs_fstatat+0x54/0x70',
  'do_syscall_64+0x5c/0xf0',
];
const TELLING = { frame: 'request_wait_answer', text: 'waits for the daemon' };

it('marks the telling frame and folds runs of one part of the kernel', () => {
  expect(foldStack(STACK, TELLING, false)).toEqual([
    { kind: 'telling', text: STACK[0], note: 'waits for the daemon' },
    { kind: 'folded', part: 'fuse', frames: STACK.slice(1, 3) },
    { kind: 'frame', text: STACK[3] },
    { kind: 'frame', text: STACK[4] },
    { kind: 'folded', part: 'vfs', frames: STACK.slice(5, 7) },
    { kind: 'frame', text: STACK[7] },
  ]);
});

it('shows every frame once it is unfolded, the telling one marked still', () => {
  const lines = foldStack(STACK, TELLING, true);
  expect(lines.map((line) => line.kind)).toEqual(['telling', ...new Array(7).fill('frame')]);
});

it('shows a telling frame that the stack does not hold: the stack may not be readable', () => {
  expect(foldStack([], TELLING, false)).toEqual([
    { kind: 'telling', text: 'request_wait_answer', note: 'waits for the daemon' },
  ]);
  expect(foldStack([], null, false)).toEqual([]);
});

it('folds runs of one library in a user stack, keeps the program, and says what is guessed', () => {
  const frame = (text: string, guessed = false) => ({ text, guessed });
  const stack = [
    frame('recv+0x19 (libc.so.6)'),
    frame('ask_server+0x9d (stuckfs)'),
    frame('fs_open+0x7c (stuckfs)', true),
    frame('fuse_fs_open+0x84 (libfuse3.so.3.14.0)'),
    frame('libfuse3.so.3.14.0+0x1103e', true),
    frame('libfuse3.so.3.14.0+0x1a1bd'),
    frame('libc.so.6+0x891f5'),
  ];
  const folded = foldUserStack(stack, false);
  expect(folded).toEqual([
    { kind: 'frame', text: 'recv+0x19 (libc.so.6)' },
    { kind: 'frame', text: 'ask_server+0x9d (stuckfs)' },
    { kind: 'frame', text: 'fs_open+0x7c (stuckfs), guessed' },
    {
      kind: 'folded',
      part: 'libfuse3.so.3.14.0',
      frames: [
        'fuse_fs_open+0x84 (libfuse3.so.3.14.0)',
        'libfuse3.so.3.14.0+0x1103e, guessed',
        'libfuse3.so.3.14.0+0x1a1bd',
      ],
    },
    { kind: 'frame', text: 'libc.so.6+0x891f5' },
  ]);
  expect(foldUserStack(stack, true).map((line) => line.kind)).toEqual(new Array(7).fill('frame'));
  expect(ownFunctions(stack)).toBe('ask_server ← fs_open (guessed)');
  expect(ownFunctions([frame('stuckfs+0x12f0'), frame('recv+0x19 (libc.so.6)')])).toBe('');
});

it('shows the stalls of one cause as one', () => {
  const stall = (id: number, groupId: number | null): Stall => ({
    id,
    span: blankSpan(id, 1, '/m', 'kernel', 'read'),
    ageMs: 1,
    thresholdMs: 1,
    state: 'open',
    raisedUs: 1,
    closedUs: null,
    endedBy: null,
    ...noDiagnosis(),
    groupId,
  });
  const groups = groupStalls([stall(3, 3), stall(4, null), stall(5, 3), stall(6, null)]);
  expect(groups.map(({ lead, stalls }) => [lead.id, stalls.length])).toEqual([
    [3, 2],
    [4, 1],
    [6, 1],
  ]);
});
