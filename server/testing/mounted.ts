// Whether something is mounted at a path, from /proc/self/mountinfo alone: this never touches the mount.
import { readFileSync } from 'node:fs';

/** True where a mount point stands at exactly this absolute path. @param text for tests: mountinfo. */
export function isMounted(path: string, text = readFileSync('/proc/self/mountinfo', 'utf8')): boolean {
  const escaped = path.replace(
    /[ \t\n\\]/g,
    (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`,
  );
  return text.split('\n').some((line) => line.split(' ')[4] === escaped);
}
