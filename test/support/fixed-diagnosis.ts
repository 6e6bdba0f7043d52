// What is known of the open stall of the fixed recording: a scanner that waits for mergerfs, that for sshfs, and that for a
// machine that says nothing.
import type { Diagnosis, Thread } from '../../shared/diagnosis.ts';
import type { Span } from '../../shared/span.ts';

const IN_FUSE = ['request_wait_answer', '__fuse_simple_request', 'fuse_send_read', 'fuse_readahead'];
const IN_VFS = ['filemap_read', 'vfs_read', 'ksys_pread64', 'do_syscall_64'];
const FUTEX = ['futex_wait_queue', 'futex_wait', 'do_futex', '__x64_sys_futex', 'do_syscall_64'];

/**
 * @param read of the file system above, which waits for `below`
 * @param endUs where time stands still
 */
export function fixedDiagnosis(groupId: number, read: Span, below: Span, endUs: number): Diagnosis {
  const process = { unit: null, container: null, cgroup: null };
  const thread = (tid: number, wchan: string, stack: string[]): Thread => {
    return { tid, comm: 'sshfs', state: 'S', wchan, syscall: 'futex(0x7f12, FUTEX_WAIT)', stack };
  };
  return {
    examinedUs: endUs - 300_000,
    groupId,
    earliestUs: null,
    cause: {
      kind: 'blocked-on-network',
      text: 'mergerfs waits for sshfs on /mnt/nas0, and sshfs waits for nas.local:22, which has sent nothing for 41 s.',
      confidence: 'certain',
      evidence: [
        { text: '145 KiB sent to nas.local:22 lie unacknowledged', from: '/proc/net/tcp' },
        { text: 'the last byte from it came 41.3 s ago', from: 'sock_diag' },
        { text: 'all threads of sshfs wait in futex', from: '/proc/1712/task' },
      ],
      culprit: { kind: 'peer', name: 'nas.local:22', pid: null, tid: null, mountId: null },
      advice: 'See whether nas.local answers; if it does not come back, abort the connection.',
      key: 'peer nas.local:22',
    },
    caller: {
      ...{ ...process, pid: 2290, tid: 2290, comm: 'plex', cmdline: 'Plex Media Scanner --scan', state: 'D' },
      ...{ unit: 'plexmediaserver.service', wchan: 'request_wait_answer' },
      ...{ syscall: 'pread64(23, 131072, 4194304)', stack: [...IN_FUSE, ...IN_VFS] },
    },
    daemon: {
      ...{ ...process, pid: 1712, comm: 'sshfs', cmdline: 'sshfs media@nas.local:/volume1/media /mnt/nas0' },
      ...{ state: 'S', threadCount: 2 },
      threads: [
        thread(1716, 'futex_wait_queue', FUTEX),
        thread(1717, 'fuse_dev_do_read', ['fuse_dev_do_read']),
      ],
    },
    chain: [
      {
        ...{
          role: 'caller',
          mountId: read.mountId,
          mount: '/media/pool',
          spanId: read.id,
          pid: 2290,
          tid: 2290,
        },
        ...{ name: 'plex', lines: ['Plex Media Scanner, sleeping', 'plexmediaserver.service'], via: 'read' },
        stack: [...IN_FUSE, ...IN_VFS],
        telling: { frame: 'request_wait_answer', text: 'waits for mergerfs to answer' },
        facts: [],
      },
      {
        ...{
          role: 'daemon',
          mountId: read.mountId,
          mount: '/media/pool',
          spanId: below.id,
          pid: 1894,
          tid: 1907,
        },
        ...{
          name: 'mergerfs',
          lines: ['took the request after 18 µs', '13 of 16 threads idle'],
          via: 'read',
        },
        stack: [...IN_FUSE, ...IN_VFS],
        telling: { frame: 'request_wait_answer', text: 'itself waits on another mount' },
        facts: [],
      },
      {
        ...{ role: 'daemon', mountId: below.mountId, mount: '/mnt/nas0', spanId: null, pid: 1712, tid: 1716 },
        ...{
          name: 'sshfs',
          lines: ['took the request after 11 µs', 'talks through its child ssh 1713'],
          via: 'TCP',
        },
        stack: FUTEX,
        telling: { frame: 'futex_wait_queue', text: 'waits for the reply to SSH_FXP_READ' },
        facts: [],
      },
      {
        ...{ role: 'cause', mountId: null, mount: null, spanId: null, pid: null, tid: null },
        ...{ name: 'nas.local:22', lines: ['silent for 41.3 s', '7 retransmissions'], via: null },
        stack: [],
        telling: null,
        facts: [
          ['From', '192.168.1.14:51244'],
          ['To', '192.168.1.20:22'],
          ['State', 'ESTABLISHED'],
          ['Send queue', '145 KiB unacknowledged'],
          ['Receive queue', '0 B'],
        ],
      },
    ],
    cycle: null,
    affected: [
      { pid: 2290, comm: 'plex', count: 1 },
      { pid: 48211, comm: 'rsync', count: 1 },
      { pid: 50731, comm: 'ls', count: 1 },
    ],
    waiters: [
      {
        ...{ pid: 48211, tid: 48211, comm: 'rsync', spanId: null, op: 'create', why: 'same server' },
        ...{ path: '/Photos/2024/06-Lofoten/.IMG_4307.CR3.x7Kd2Q', sinceUs: endUs - 8_910_000 },
      },
      {
        ...{ pid: 2290, tid: 2293, comm: 'plex', spanId: null, op: null, why: 'lock of the folder' },
        ...{ path: '/Photos/2024/06-Lofoten', sinceUs: endUs - 7_700_000 },
      },
      {
        ...{ pid: 50731, tid: 50731, comm: 'ls', spanId: null, op: 'lookup', why: 'same server' },
        ...{ path: '/Photos/2025', sinceUs: endUs - 5_200_000 },
      },
    ],
    waiting: 4,
    hints: [],
    limits: [],
  };
}
