import { expect, test } from 'vitest';
import { diagnose } from '../../../server/doctor/checks.ts';
import { type Machine, readMachine } from '../../../server/doctor/machine.ts';
import { mountFindings } from '../../../server/doctor/mounts.ts';
import { launchHere } from '../../../server/launch/launch.ts';
import type { Mount } from '../../../shared/mount.ts';

const ALL = (1n << 41n) - 1n;
const bit = (...numbers: number[]) => numbers.reduce((sum, one) => sum | (1n << BigInt(one)), 0n);

const GOOD: Machine = {
  uid: 0,
  kernel: '6.18.44-x',
  node: '24.21.0',
  device: 'usable',
  fusermount: { path: '/usr/bin/fusermount3', setuid: true },
  libfuse: '/usr/lib/x86_64-linux-gnu/libfuse.so.2',
  native: '/x/fuse.node',
  loader: '/x/tap-loader',
  reach: { fits: true, said: 'known' },
  tracefs: { at: '/sys/kernel/tracing', tracepoints: 'there' },
  btf: { kernel: true, module: null },
  capabilities: ALL,
  fusectl: 'mounted',
};

function finding(name: string, change: Partial<Machine>) {
  return diagnose({ ...GOOD, ...change }).find((one) => one.name === name);
}

test('a machine that has everything needs nothing', () => {
  for (const one of diagnose(GOOD)) expect(one, one.name).toMatchObject({ state: 'ok', how: null });
});

test.each<[what: string, name: string, change: Partial<Machine>, state: string, how: RegExp | null]>([
  ['an old Node', 'node', { node: '20.20.2' }, 'missing', /npm ci/],
  ['no /dev/fuse', '/dev/fuse', { device: 'absent' }, 'missing', /--device \/dev\/fuse/],
  ['a /dev/fuse for others', '/dev/fuse', { device: 'forbidden' }, 'missing', /access/],
  ['no fusermount3', 'fusermount3', { fusermount: null }, 'missing', /fuse3/],
  [
    'a plain fusermount3 for a user',
    'fusermount3',
    { uid: 1000, fusermount: { path: '/f', setuid: false } },
    'warn',
    /chmod u\+s \/f/,
  ],
  ['a plain fusermount3 for root', 'fusermount3', { fusermount: { path: '/f', setuid: false } }, 'ok', null],
  ['no libfuse', 'libfuse2', { libfuse: null }, 'missing', /apt-get install -y libfuse2/],
  ['no build', 'fuse-native', { native: null }, 'missing', /fuse\/patches\/build\.mjs/],
  ['Debian 12', 'kernel', { kernel: '6.1.0-28-amd64' }, 'warn', /6\.10/],
  ['the first kernel with tracepoints', 'kernel', { kernel: '6.10.0' }, 'ok', null],
  ['Linux 6.9', 'kernel', { kernel: '6.9.12' }, 'warn', /6\.10/],
  ['a later major', 'kernel', { kernel: '7.0.0-rc1' }, 'ok', null],
  ['no tracefs, as root', 'tracefs', { tracefs: null }, 'missing', /^Run mount -t tracefs/],
  ['no tracefs, as a user', 'tracefs', { tracefs: null, uid: 1000 }, 'missing', /^As root: mount/],
  ['a hidden tracefs', 'tracefs', { tracefs: { at: '/t', tracepoints: 'hidden' } }, 'warn', /root/],
  ['no tracepoints', 'tracefs', { tracefs: { at: '/t', tracepoints: 'absent' } }, 'missing', /6\.10/],
  ['no BTF', 'BTF', { btf: { kernel: false, module: null } }, 'missing', /DEBUG_INFO_BTF/],
  ['a fuse module without BTF', 'BTF', { btf: { kernel: true, module: false } }, 'missing', /BTF_MODULES/],
  ['a fuse module with BTF', 'BTF', { btf: { kernel: true, module: true } }, 'ok', null],
  ['no loader', 'tap loader', { loader: null }, 'warn', /libbpf-dev/],
  ['no loader to ask', 'kernel reach', { reach: null }, 'warn', /tap loader/],
  ['another kernel', 'kernel reach', { reach: { fits: false, said: 'struct fuse_req' } }, 'warn', /tracefs/],
  ['no capabilities', 'capabilities', { capabilities: 0n }, 'missing', /root/],
  ['BPF and PERFMON only', 'capabilities', { capabilities: bit(38, 39) }, 'warn', /stacks/],
  ['BPF without PERFMON', 'capabilities', { capabilities: bit(39) }, 'missing', /root/],
  ['no fusectl', 'fusectl', { fusectl: 'unmounted' }, 'missing', /^Run mount -t fusectl/],
  ['a kernel without fusectl', 'fusectl', { fusectl: 'unknown to the kernel' }, 'missing', /modprobe fuse/],
])('%s', (_what, name, change, state, how) => {
  const found = finding(name, change);
  expect(found?.state).toBe(state);
  if (how) expect(found?.how).toMatch(how);
  else expect(found?.how).toBeNull();
});

test('each mount has a row with what captures it and why nothing better', () => {
  const mount = (tier: Mount['tier'], tierReason: string | null, state: Mount['state'] = 'ok') =>
    ({ mount: `/${tier}`, tier, tierReason, state }) as Mount;
  const rows = mountFindings([
    mount('bpf', null),
    mount('tracefs', 'no BPF: not built'),
    mount('proc', 'no tracefs: not mounted'),
    mount('none', 'detached'),
    mount('mirror', null, 'gone'),
  ]);
  expect(rows.map(({ name, state, how }) => [name, state, how])).toEqual([
    ['/bpf', 'ok', null],
    ['/tracefs', 'warn', 'no BPF: not built'],
    ['/proc', 'warn', 'no tracefs: not mounted'],
    ['/none', 'ok', 'detached'],
  ]);
});

test('this machine can be read', async () => {
  const machine = await readMachine(launchHere);
  expect(machine.uid).toBe(process.getuid?.());
  expect(machine.kernel).toMatch(/^\d+\.\d+/);
  expect(diagnose(machine)).toHaveLength(diagnose(GOOD).length);
  expect(machine.reach === null).toBe(machine.loader === null);
});
