// From what /proc tells of a descriptor to a path inside the mount.
import { describe, expect, it } from 'vitest';
import { insideMount } from '../../../fuse/kernel/held-file.ts';

const MOUNTINFO = `40 27 0:61 / /mnt/nas rw - fuse.sshfs h:/ rw
41 27 0:61 /photos /srv/photos rw - fuse.sshfs h:/ rw
42 27 0:62 / / rw - fuse.overlay o rw
`;

describe('a path inside a mount', () => {
  it('is what follows the mount point', () => {
    expect(insideMount('/mnt/nas/a b/c', 40, 61, MOUNTINFO)).toBe('/a b/c');
    expect(insideMount('/mnt/nas', 40, 61, MOUNTINFO)).toBe('/');
  });

  it('begins with what a bind mount shows', () => {
    expect(insideMount('/srv/photos/x', 41, 61, MOUNTINFO)).toBe('/photos/x');
    expect(insideMount('/srv/photos', 41, 61, MOUNTINFO)).toBe('/photos');
  });

  it('of a root file system is the path itself', () => {
    expect(insideMount('/etc/x', 42, 62, MOUNTINFO)).toBe('/etc/x');
  });

  it('is not known of another mount, another connection, or another place', () => {
    expect(insideMount('/mnt/nas/a', 99, 61, MOUNTINFO)).toBe(null);
    expect(insideMount('/mnt/nas/a', 40, 62, MOUNTINFO)).toBe(null);
    expect(insideMount('/mnt/nasty', 40, 61, MOUNTINFO)).toBe(null);
    expect(insideMount('pipe:[1]', 40, 61, MOUNTINFO)).toBe(null);
  });
});
