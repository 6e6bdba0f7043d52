// What the examiner makes of the texts of /proc, as kernels write them.
import { expect, test } from 'vitest';
import { parseCgroup } from '../../../fuse/examiner/cgroup.ts';
import { parseStack } from '../../../fuse/examiner/process.ts';
import { parseInet } from '../../../fuse/examiner/sockets.ts';
import { Moment } from '../../../fuse/examiner/time.ts';

const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';

test('sockets: addresses in the order of people, queues, state, how often it was sent again', () => {
  const line =
    '   1: 0100007F:1CF3 0200000A:0016 01 000001F4:0000000A 01:00000014 00000003     0        0 4711 2 0 0\n';
  expect(parseInet(HEAD + line, 'tcp')).toEqual([
    {
      inode: '4711',
      protocol: 'tcp',
      local: '127.0.0.1:7411',
      remote: '10.0.0.2:22',
      state: 'ESTABLISHED',
      sendQueue: 500,
      receiveQueue: 10,
      retransmits: 3,
    },
  ]);
});

test('sockets: IPv6 shortened, IPv4 within it as IPv4, one that listens has no other end', () => {
  const of = (local: string, remote: string, state: string) =>
    parseInet(`${HEAD}   0: ${local} ${remote} ${state} 0:0 00:0 0 0 0 1\n`, 'tcp')[0];
  const loopback = '00000000000000000000000001000000:1CF3';
  const nobody = '00000000000000000000000000000000:0000';
  expect(of(loopback, nobody, '0A')).toMatchObject({ local: '[::1]:7411', remote: '', state: 'LISTEN' });
  const mapped = '0000000000000000FFFF00000100007F:0016';
  expect(of(mapped, mapped, '01')).toMatchObject({ local: '127.0.0.1:22', remote: '127.0.0.1:22' });
});

test('sockets: what is no line of a table is passed over', () => {
  expect(parseInet('', 'tcp')).toEqual([]);
  expect(parseInet(`${HEAD}nonsense\n\n`, 'udp')).toEqual([]);
});

test('stacks: names, innermost first, without what every system call ends with', () => {
  const text =
    '[<0>] request_wait_answer+0x1d/0x240\n[<0>] fuse_lookup_name.isra.0+0x9e/0x200\n[<0>] do_syscall_64+0x5d/0x90\n[<0>] entry_SYSCALL_64_after_hwframe+0x76/0xe0\n';
  expect(parseStack(text).slice(0, 2)).toEqual(['request_wait_answer', 'fuse_lookup_name']);
  expect(parseStack(text)).not.toContain('entry_SYSCALL_64_after_hwframe');
  expect(parseStack('')).toEqual([]);
});

test('cgroups: the unit and the container of a process, and whether it is frozen', () => {
  const id = 'ab'.repeat(32);
  const of = (text: string) => parseCgroup(text, (path) => path.includes('frozen'));
  expect(of('0::/system.slice/smbd.service\n')).toMatchObject({ unit: 'smbd.service', container: null });
  expect(of(`0::/system.slice/docker-${id}.scope\n`)).toMatchObject({ container: id.slice(0, 12) });
  expect(of(`12:cpu:/x\n1:name=systemd:/docker/${id}\n`)).toMatchObject({ container: id.slice(0, 12) });
  expect(of('0::/frozen/app.scope\n')).toMatchObject({ frozen: true });
  expect(of('')).toMatchObject({ unit: null, container: null });
});

test('when a thread last ran: about, in wall time; not known of one that was just moved to another processor', () => {
  const moment = new Moment();
  const at = (ms: string) =>
    moment.sinceRan(`cat (9, #threads: 1)\nse.exec_start    :    ${ms}\nse.vruntime : 1.0\n`);
  expect(at('0.000000')).toBeNull();
  const early = at('1000.500000') ?? 0;
  expect((at('3000.500000') ?? 0) - early).toBe(2e6);
  expect(early).toBeLessThan(moment.takenUs);
  expect(moment.sinceRan('')).toBeNull();
});
