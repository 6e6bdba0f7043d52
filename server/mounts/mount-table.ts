// The mount table of one process, as /proc shows it: of a container too. No mount is touched.
import { readFileSync } from 'node:fs';
import { type MountEntry, parseMountinfo } from '../../shared/mountinfo.ts';
import { CodedError } from '../errors.ts';

/** @throws CodedError FUSESCOPE_NOT_FOUND without such a process, FUSESCOPE_FORBIDDEN where it may not be read */
export function readMountTable(pid: number | 'self'): MountEntry[] {
  try {
    return parseMountinfo(readFileSync(`/proc/${pid}/mountinfo`, 'utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EINVAL')
      throw new CodedError(
        'FUSESCOPE_NOT_FOUND',
        `there is no process ${pid} (it may have ended). Try another pid`,
      );
    throw new CodedError(
      'FUSESCOPE_FORBIDDEN',
      `the mount table of process ${pid} cannot be read (${code}). Try it as root`,
    );
  }
}
