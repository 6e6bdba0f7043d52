// Faults that have happened: each preset stands for an incident, and says which. Rules to start from, not limits.
import type { FaultRule } from './fault.ts';

export interface FaultPreset {
  name: string;
  title: string;
  /** What happened, and where it is told. */
  incident: string;
  rule: FaultRule;
}

export const FAULT_PRESETS: readonly FaultPreset[] = [
  {
    name: 'lock-over-network',
    title: 'Lock held over network I/O',
    incident:
      'FuseStream, an upload file system for macOS: open() kept a lock while it spoke to the network, and every other operation waited behind it.',
    rule: { match: { op: ['open', 'create'] }, effect: { delay: { kind: 'fixed', ms: 2_000 } } },
  },
  {
    name: 'stalled-upload',
    title: 'Stalled upload',
    incident:
      'FuseStream again: uploads deadlocked midway; writes went on until the buffer was full, and the next one never came back.',
    rule: { match: { op: ['write'], after: 64 }, effect: { hang: {} } },
  },
  {
    name: 'flaky-nas',
    title: 'Flaky network storage',
    incident:
      'sshfs and NFS over bad links: most operations are fast, some take seconds, a few fail with EIO after their time-out.',
    rule: {
      match: { op: ['getattr', 'open', 'read', 'write', 'readdir'], probability: 0.2 },
      effect: { delay: { kind: 'long-tail', medianMs: 20, p99Ms: 2_000 } },
    },
  },
  {
    name: 'full-disk',
    title: 'Full disk',
    incident:
      'MusicFS’s plan for its cache: the disk fills up in the middle of a write; the last write is short, then everything that takes room gets ENOSPC.',
    rule: { effect: { space: { bytes: 1_048_576 } } },
  },
  {
    name: 'dying-disk',
    title: 'Dying disk',
    incident:
      'Disks that retry bad sectors for seconds before they give up with EIO, and file systems that take the first error for the whole disk.',
    rule: {
      match: { op: ['read', 'write', 'fsync'], every: 50 },
      effect: { delay: { kind: 'uniform', minMs: 500, maxMs: 3_000 }, errno: 'EIO' },
    },
  },
  {
    name: 'silent-corruption',
    title: 'Silent corruption',
    incident: 'A cache that served other bytes than were written: no error anywhere, only a checksum knows.',
    rule: { match: { op: ['read'], every: 10 }, effect: { corrupt: { bytes: 1 } } },
  },
  {
    name: 'cold-object-store',
    title: 'Cold object store',
    incident:
      's3fs and gcsfuse: the first bytes of an object take hundreds of ms, and a listing takes as long as it has entries.',
    rule: {
      match: { op: ['open', 'getattr', 'read'] },
      effect: { delay: { kind: 'long-tail', medianMs: 60, p99Ms: 800 } },
    },
  },
  {
    name: 'slow-listing',
    title: 'Slow directory listing',
    incident: 'rclone and s3fs on folders of thousands: ls waits for each page of the listing.',
    rule: { match: { op: ['readdir'] }, effect: { listing: { perEntryMs: 5 } } },
  },
  {
    name: 'virtiofs-lag',
    title: 'virtiofs visibility lag',
    incident:
      'A controller in Kubernetes on virtiofs: files were written, and for 100 to 500 ms their readers did not see them.',
    rule: { match: { op: ['getattr'] }, effect: { stale: { ms: 500 } } },
  },
  {
    name: 'stale-handles',
    title: 'Stale handles',
    incident: 'An NFS server that was restarted with other exports: what was open before gets ESTALE.',
    rule: { match: { op: ['read', 'write', 'fsync', 'readdir'], after: 20 }, effect: { errno: 'ESTALE' } },
  },
  {
    name: 'interrupted-sync',
    title: 'Interrupted sync',
    incident: 'fsync that is interrupted by a signal, in programs that take each error for lost data.',
    rule: { match: { op: ['fsync'], every: 2 }, effect: { errno: 'EINTR' } },
  },
  {
    name: 'crashed-daemon',
    title: 'Crashed daemon',
    incident:
      'A FUSE daemon that is killed for memory or panics: what is in flight gets ENOTCONN, and the mount is gone.',
    rule: { match: { op: ['read'], after: 100 }, effect: { disconnect: true } },
  },
];
