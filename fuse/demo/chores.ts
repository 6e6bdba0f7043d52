// What the demo's users do: a table of small jobs for ordinary programs, each at its own pace. Together about 300
// operations a second, and never more than 40 MB on disk.
import { basename } from 'node:path';
import { ARCHIVES, DOCUMENTS, PHOTOS, PLACES } from './tree.ts';

export interface Chore {
  /** From the end of one round to the start of the next, in ms; more or less. */
  everyMs: number;
  /** Program and arguments of each step of round `turn`, run one after the other. */
  steps: (turn: number) => string[][];
}

/**
 * @param mount the mount point, absolute.
 * @param has whether a program is on this machine: some are not everywhere.
 */
export function chores(mount: string, has: (program: string) => boolean): Chore[] {
  const at = (path: string) => mount + path;
  const nth = (list: readonly string[], turn: number) => at(list[turn % list.length] ?? '');
  const viewed = PHOTOS.filter((path) => path !== PLACES.held);
  const all: Chore[] = [
    // A photo viewer, and someone who lists the folder.
    { everyMs: 500, steps: (turn) => [['cat', nth(viewed, turn)]] },
    { everyMs: 2500, steps: () => [['cat', at(PLACES.held)]] },
    { everyMs: 3000, steps: () => [['ls', '-l', at(PLACES.photos)]] },
    // Large sequential reads and writes.
    { everyMs: 6000, steps: () => [['cat', at(PLACES.video)]] },
    {
      everyMs: 8000,
      steps: () => [['dd', 'if=/dev/zero', `of=${at(PLACES.render)}`, 'bs=128k', 'count=64', 'conv=fsync']],
    },
    // Small files: saved beside and renamed over, searched, packed.
    {
      everyMs: 1100,
      steps: (turn) => {
        const target = nth(DOCUMENTS, turn);
        return [
          ['cp', nth(DOCUMENTS, turn + 1), `${target}.part`],
          ['mv', `${target}.part`, target],
        ];
      },
    },
    { everyMs: 7000, steps: () => [['grep', '-r', 'deadline', at(PLACES.project)]] },
    {
      everyMs: 12_000,
      steps: () => [['tar', '-cf', at(`${PLACES.inbox}/site.tar`), '-C', at('/projects'), 'site']],
    },
    { everyMs: 8000, steps: () => [['find', at('/'), '-newer', at(PLACES.video)]] },
    {
      everyMs: 2000,
      steps: (turn) => {
        const file = at(`${PLACES.inbox}/upload-${turn % 8}.dat`);
        return [
          ['truncate', '-s', String(4096 * (turn % 8)), file],
          ['touch', '-d', '2024-02-29 12:00', file],
          ['chmod', '640', file],
          ['ln', '-sf', basename(file), at(`${PLACES.inbox}/latest`)],
          ['rm', file],
        ];
      },
    },
    // Things that fail, as they do everywhere.
    { everyMs: 1200, steps: (turn) => [['cat', at(`${PLACES.documents}/draft-${turn}.md`)]] },
    { everyMs: 4000, steps: () => [['cat', at(`${PLACES.private}/salaries.ods`)]] },
    { everyMs: 7000, steps: () => [['rmdir', at(PLACES.inbox)]] },
    // An archive on slow storage.
    { everyMs: 900, steps: (turn) => [['head', '-c', '65536', nth(ARCHIVES, turn)]] },
  ];
  if (has('setfattr')) {
    all.push({
      everyMs: 3000,
      steps: (turn) => [
        ['setfattr', '-n', 'user.rating', '-v', String(turn % 6), nth(PHOTOS, turn)],
        ['getfattr', '-d', nth(PHOTOS, turn)],
        ['getfattr', '-n', 'user.missing', nth(PHOTOS, turn)],
      ],
    });
  }
  if (has('rsync')) {
    all.push({
      everyMs: 20_000,
      steps: () => [['rsync', '-a', '--delete', at(`${PLACES.documents}/`), at(`${PLACES.inbox}/backup/`)]],
    });
  }
  return all;
}
