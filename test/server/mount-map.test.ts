// The map of mounts from facts: what lies on what, what serves what, who waits for whom.
import { expect, it } from 'vitest';
import type { MapFacts, MapMount, MapStall } from '../../server/mounts/map/facts.ts';
import { mountMap } from '../../server/mounts/map/map.ts';
import { wholeSource } from '../../server/mounts/map/source.ts';
import { type Link, noDiagnosis } from '../../shared/diagnosis.ts';
import type { MountMap } from '../../shared/mount-map.ts';
import { parseMountinfo } from '../../shared/mountinfo.ts';
import type { Span } from '../../shared/span.ts';

const TABLE = `
1 0 8:1 / / rw,relatime - ext4 /dev/vda1 rw
2 1 0:20 / /proc rw - proc proc rw
3 1 0:21 / /dev rw - devtmpfs udev rw
4 1 0:41 / /mnt/low rw - fuse /srv/files rw
5 1 0:42 / /mnt/pool rw - fuse.mergerfs /mnt/low/a:/mnt/nas rw
6 4 0:43 / /mnt/low/inside rw - fuse /srv/other rw
7 1 0:44 / /mnt/nas rw - fuse.sshfs ana@nas.local:/export rw
8 6 0:60 / /mnt/low/inside/tmp rw - tmpfs scratch rw
9 1 0:61 / /merged rw - overlay over rw,lowerdir=/mnt/pool/l,upperdir=/up,workdir=/w
10 1 0:62 / /nfs rw - nfs4 server:/vol rw
11 1 8:1 /srv/files/part /bound rw - ext4 /dev/vda1 rw
12 1 0:45 / /over rw - fuse /over rw
13 1 8:17 / /win rw - fuseblk /dev/sdb1 rw
`.trim();

const entries = parseMountinfo(TABLE);

function mount(id: number, at: string, more: Partial<MapMount> = {}): MapMount {
  const entry = entries.find((one) => one.mountpoint === at);
  return {
    id,
    mount: at,
    alsoAt: [],
    fsType: entry?.fsType ?? null,
    source: entry?.source ?? null,
    connection: entry?.device ?? null,
    daemon: { pid: 100 + id, comm: `d${id}` },
    state: 'ok',
    ...more,
  };
}

const LOW = mount(1, '/mnt/low');
const POOL = mount(2, '/mnt/pool');
const INSIDE = mount(3, '/mnt/low/inside');
const NAS = mount(4, '/mnt/nas');
const OVER = mount(5, '/over');

function facts(more: Partial<MapFacts> = {}): MapFacts {
  return {
    takenUs: 7,
    mounts: [LOW, POOL, INSIDE, NAS],
    shownAs: new Map(),
    entries,
    daemons: [],
    unseen: new Map(),
    stalls: [],
    ...more,
  };
}

/** Edges as lines, by the names of what they join. */
function lines(map: MountMap, reason?: string): string[] {
  const name = (id: string) => map.nodes.find((one) => one.id === id)?.name ?? `? ${id}`;
  return map.edges
    .filter((one) => reason === undefined || one.reason === reason)
    .map((one) => `${name(one.from)} ${one.reason} ${name(one.to)}`)
    .sort();
}

const edge = (map: MountMap, from: string, to: string, reason: string) =>
  map.edges.find((one) => one.from === from && one.to === to && one.reason === reason);

it('a mount point on another mount is an edge, over what lies between, and for what is no FUSE too', () => {
  const map = mountMap(facts());
  expect(lines(map, 'on')).toEqual(['/mnt/low/inside on /mnt/low', '/mnt/low/inside/tmp on /mnt/low/inside']);
  expect(edge(map, 'mount 3', 'mount 1', 'on')?.evidence).toEqual([
    'its mount point /mnt/low/inside lies on it',
  ]);
});

it('sources lead to mounts, disks and machines, and the layers of an overlay to mounts', () => {
  const map = mountMap(facts());
  expect(lines(map, 'serves')).toEqual([
    '/merged serves /',
    '/merged serves /mnt/pool',
    '/mnt/low serves /',
    '/mnt/low/inside serves /',
    '/mnt/nas serves nas.local',
    '/mnt/pool serves /mnt/low',
    '/mnt/pool serves /mnt/nas',
  ]);
  expect(edge(map, 'mount 2', 'mount 1', 'serves')?.evidence).toEqual(['its source is /mnt/low/a']);
  expect(map.nodes.find((one) => one.name === '/')).toMatchObject({
    kind: 'backing',
    fsType: 'ext4',
    source: '/dev/vda1',
    mountId: null,
  });
  expect(map.nodes.find((one) => one.id === 'mount 4')).toMatchObject({
    kind: 'mount',
    mountId: 4,
    pids: [104],
  });
});

it('a source below the mount’s own mount point is what the mount covers, not the mount itself', () => {
  expect(lines(mountMap(facts({ mounts: [OVER] })))).toEqual(['/over serves /']);
});

it('a device of a fuseblk mount is what it stands on', () => {
  const map = mountMap(facts({ mounts: [mount(6, '/win')] }));
  expect(lines(map)).toEqual(['/win serves /dev/sdb1']);
  expect(map.nodes.find((one) => one.kind === 'device')?.name).toBe('/dev/sdb1');
});

it('directories that mergerfs names in short are found on its command line, patterns too', () => {
  expect(wholeSource('a:b/c', ['/etc/x', '/mnt/low/a', '/mnt/b/c'])).toBe('/mnt/low/a:/mnt/b/c');
  expect(wholeSource('disk1:disk22', ['/mnt/disk?', '/mnt/disk*/'])).toBe('/mnt/disk1:/mnt/disk22');
  expect(wholeSource('disk1:other', ['/mnt/disk*'])).toBe('disk1:other');
  expect(wholeSource('x', ['/mnt/*/x', '/x(', '/y'])).toBe('x');
  expect(wholeSource('nas:/export', ['/mnt/nas'])).toBe('nas:/export');
  const short = mount(7, '/mnt/pool', { source: 'low/a:nas' });
  const daemons = [
    { pid: 107, files: [], named: ['/mnt/low/a', '/mnt/nas', '/mnt/pool'], peers: [], entries },
  ];
  expect(lines(mountMap(facts({ mounts: [LOW, NAS, short], daemons })), 'serves')).toContain(
    '/mnt/pool serves /mnt/low',
  );
  const lost = mountMap(facts({ mounts: [{ ...short, source: 'view:disk2' }] }));
  expect(lines(lost).filter((line) => line.startsWith('/mnt/pool'))).toEqual([]);
});

it('open files and connections of a daemon are edges; what the kernel makes up and its own mount table decide', () => {
  const own = parseMountinfo(`${TABLE}\n99 1 0:62 / /elsewhere rw - nfs4 server:/vol rw`);
  const daemons = [
    {
      pid: 104,
      files: [
        { mount: 99, count: 2 },
        { mount: 11, count: 1 },
        { mount: 2, count: 3 },
        { mount: 3, count: 1 },
        { mount: 4, count: 1 },
        { mount: 12345, count: 1 },
      ],
      named: [],
      peers: ['10.0.0.1:443'],
      entries: own,
    },
  ];
  const map = mountMap(facts({ mounts: [LOW, NAS], daemons }));
  expect(lines(map, 'serves')).toEqual([
    '/mnt/low serves /',
    '/mnt/nas serves /',
    '/mnt/nas serves /mnt/low',
    '/mnt/nas serves /nfs',
    '/mnt/nas serves 10.0.0.1:443',
    '/mnt/nas serves nas.local',
    '/nfs serves server',
  ]);
  const nfs = map.nodes.find((one) => one.fsType === 'nfs4');
  expect(edge(map, 'mount 4', nfs?.id ?? '', 'serves')?.evidence).toEqual(['d4 104 has 2 files open there']);
});

function link(role: Link['role'], mountId: number | null, name: string, via: string | null = null): Link {
  const none = { spanId: null, tid: null, pid: null, mount: null, lines: [], stack: [], telling: null };
  return { ...none, role, mountId, name, via, facts: [] };
}

function stall(id: number, mountId: number, chain: Link[], more: Partial<MapStall> = {}): MapStall {
  const span = { mountId, pid: 900 + id, comm: 'cat', op: 'read', startUs: 5_000 - id } as Span;
  return { ...noDiagnosis(), id, span, ageMs: 1_000 + id, chain, ...more };
}

const cause = (kind: 'peer' | 'disk' | 'process' | 'fault', name: string) =>
  ({ culprit: { kind, name, pid: null, tid: null, mountId: null } }) as MapStall['cause'];

it('a stall’s chain goes from the caller over the mounts to the one peer that is known by another name', () => {
  const chain = [
    link('caller', 2, 'cat', 'read'),
    link('daemon', 2, 'mergerfs', 'lookup'),
    link('daemon', 4, 'sshfs', 'pipe'),
    link('helper', 4, 'ssh', 'TCP'),
    link('cause', null, '10.0.0.7:22'),
  ];
  const stalls = [
    stall(1, 2, chain, { cause: cause('peer', '10.0.0.7:22') }),
    stall(2, 2, chain, { cause: cause('peer', '10.0.0.7:22') }),
    // The same as its daemon sees it: no caller of its own.
    stall(3, 4, [link('caller', 4, 'd2', 'read'), ...chain.slice(2)], {
      cause: cause('peer', '10.0.0.7:22'),
      span: { mountId: 4, pid: 102, comm: 'd2', op: 'read', startUs: 9_000 } as Span,
      ageMs: 10,
    }),
  ];
  const map = mountMap(facts({ stalls }));
  expect(lines(map, 'waits')).toEqual([
    '/mnt/nas waits nas.local',
    '/mnt/pool waits /mnt/nas',
    'cat waits /mnt/pool',
  ]);
  expect(edge(map, 'mount 2', 'mount 4', 'waits')).toMatchObject({
    count: 3,
    stallIds: [2, 1, 3],
    oldestMs: 1_002,
    sinceUs: 4_998,
    evidence: ['waits in lookup', 'waits in read'],
  });
  expect(map.nodes.filter((one) => one.root).map((one) => one.name)).toEqual(['nas.local']);
  expect(map.nodes.find((one) => one.kind === 'caller')?.pids).toEqual([902, 901]);
});

it('an address that no source names is a node of its own, and a disk is the file system that is on it', () => {
  const peer = stall(1, 1, [
    link('caller', 1, 'cat'),
    link('daemon', 1, 'd'),
    link('cause', null, '10.0.0.9:80'),
  ]);
  const disk = stall(
    2,
    1,
    [link('caller', 1, 'cat'), link('daemon', 1, 'd'), link('cause', null, '/dev/vda1')],
    {
      cause: cause('disk', '/dev/vda1'),
    },
  );
  expect(lines(mountMap(facts({ stalls: [peer, disk] })), 'waits')).toEqual([
    '/mnt/low waits /',
    '/mnt/low waits 10.0.0.9:80',
    'cat waits /mnt/low',
  ]);
});

it('a stall that nobody has looked into, or that a fault holds, ends at its mount; a mirror stands for the kernel’s record', () => {
  const map = mountMap(
    facts({
      shownAs: new Map([[77, 1]]),
      stalls: [
        stall(1, 77, []),
        stall(2, 1, [link('caller', 1, 'cat'), link('daemon', 1, 'd'), link('cause', null, 'rule')], {
          cause: cause('fault', 'rule'),
        }),
        stall(3, 55, []),
      ],
    }),
  );
  expect(lines(map, 'waits')).toEqual(['cat waits /mnt/low']);
  expect(edge(map, 'caller cat', 'mount 1', 'waits')?.count).toBe(2);
  expect(map.nodes.filter((one) => one.root).map((one) => one.name)).toEqual(['/mnt/low']);
});

it('two daemons that wait for each other are two edges, one that waits for itself is one', () => {
  const chain = [link('caller', 1, 'cat'), link('daemon', 1, 'd1'), link('daemon', 2, 'd2')];
  const ring = stall(1, 1, chain, { cycle: 1 });
  expect(lines(mountMap(facts({ stalls: [ring] })), 'waits')).toEqual([
    '/mnt/low waits /mnt/pool',
    '/mnt/pool waits /mnt/low',
    'cat waits /mnt/low',
  ]);
  const many = Array.from({ length: 130 }, (_, i) => stall(i + 1, 1, chain, { cycle: 1 }));
  const crowd = edge(mountMap(facts({ stalls: many })), 'mount 2', 'mount 1', 'waits');
  expect([crowd?.count, crowd?.stallIds.length]).toEqual([130, 100]);
  // Its caller is the daemon that it waits for in turn: one edge, told once.
  const own = { ...ring, span: { ...ring.span, pid: 102 } };
  expect(edge(mountMap(facts({ stalls: [own] })), 'mount 2', 'mount 1', 'waits')?.count).toBe(1);
  const selfish = stall(2, 1, chain.slice(0, 2), { cycle: 1 });
  expect(lines(mountMap(facts({ stalls: [selfish] })), 'waits')).toEqual([
    '/mnt/low waits /mnt/low',
    'cat waits /mnt/low',
  ]);
});

it('what could not be seen is said at the mount and in one line for all, and mounts without an edge stay', () => {
  const lonely = mount(9, '/lonely', { source: 'thing', connection: 999, fsType: 'fuse', daemon: null });
  const map = mountMap(facts({ mounts: [LOW, lonely], unseen: new Map([[101, 'that is for root to see']]) }));
  expect(map.nodes.find((one) => one.id === 'mount 1')?.unseen).toBe('that is for root to see');
  expect(map.nodes.find((one) => one.id === 'mount 9')?.unseen).toMatch(/no process/);
  expect(map.limits).toEqual([
    'which files d1 101 have open: that is for root to see',
    'what serves /lonely: no process that may be seen holds its device',
  ]);
  expect(mountMap(facts({ mounts: [] }))).toEqual({ takenUs: 7, nodes: [], edges: [], limits: [] });
});
