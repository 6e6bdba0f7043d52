// The demo's temporary tree: where it is, what is in it, and the clearing of what a killed demo left behind.
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { unmountNow } from '../mirror/unmount.ts';
import { mountAt } from '../mountinfo.ts';

/** Paths inside the mount. */
export const PLACES = {
  photos: '/photos',
  /** Its read hangs until released. */
  held: '/photos/IMG_4211.CR3',
  documents: '/documents',
  project: '/projects/site',
  video: '/video/interview.mov',
  render: '/video/render.mov',
  archive: '/archive',
  private: '/private',
  inbox: '/inbox',
} as const;

export const PHOTOS = Array.from({ length: 24 }, (_, n) => `${PLACES.photos}/IMG_${4200 + n}.CR3`);
export const DOCUMENTS = Array.from({ length: 24 }, (_, n) => `${PLACES.documents}/notes-${n + 1}.md`);
export const ARCHIVES = [2017, 2018, 2019].map((year) => `${PLACES.archive}/${year}.tar`);
const SOURCES = Array.from(
  { length: 40 },
  (_, n) => `${PLACES.project}/${['src', 'docs', 'test', 'assets'][n % 4]}/part-${n}.txt`,
);
const KiB = 1024;
const PREFIX = 'fusescope-demo-';

/** The demo's folder of a process: `files` is mirrored on `demo`. */
export function demoPlaces(pid: number): { root: string; source: string; mountpoint: string } {
  const root = join(tmpdir(), `${PREFIX}${pid}`);
  return { root, source: join(root, 'files'), mountpoint: join(root, 'demo') };
}

/** Makes the folder and fills it: about 24 MB. */
export function plant({ root, source, mountpoint }: ReturnType<typeof demoPlaces>): void {
  mkdirSync(root, { mode: 0o755 });
  mkdirSync(mountpoint);
  const files: [path: string, bytes: number][] = [
    ...PHOTOS.map((path): [string, number] => [path, 256 * KiB]),
    ...DOCUMENTS.map((path, n): [string, number] => [path, 500 + 300 * n]),
    ...SOURCES.map((path, n): [string, number] => [path, 200 + 150 * n]),
    ...ARCHIVES.map((path): [string, number] => [path, 1024 * KiB]),
    [PLACES.video, 12 * 1024 * KiB],
    [`${PLACES.private}/salaries.ods`, 9 * KiB],
    [`${PLACES.inbox}/readme.txt`, 100],
  ];
  const words = Buffer.alloc(64 * KiB, 'The quick brown fox jumps over the lazy dog.\n');
  for (const [path, bytes] of files) {
    mkdirSync(dirname(source + path), { recursive: true });
    writeFileSync(source + path, Buffer.alloc(bytes, words));
  }
}

/** Removes the folders of demos that were killed together with everything that would have cleared them. */
export function clearOld(): void {
  for (const name of readdirSync(tmpdir()).filter((one) => one.startsWith(PREFIX))) {
    const pid = Number(name.slice(PREFIX.length));
    const { root, mountpoint } = demoPlaces(pid);
    const ours = statSync(root, { throwIfNoEntry: false })?.uid === process.getuid?.();
    if (!ours || isAlive(pid)) continue;
    if (mountAt(mountpoint) !== null) unmountNow(mountpoint);
    if (mountAt(mountpoint) === null) clear(root);
  }
}

/** Only for a folder on which nothing is mounted any more. */
export function clear(root: string): void {
  rmSync(root, { recursive: true, force: true, maxRetries: 3 });
}

function isAlive(pid: number): boolean {
  return statSync(`/proc/${pid}`, { throwIfNoEntry: false }) !== undefined;
}
