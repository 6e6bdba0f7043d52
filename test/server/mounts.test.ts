// Which record an announced mount goes on with.
import { describe, expect, it } from 'vitest';
import { MountRegistry } from '../../server/mounts/registry.ts';
import type { StoredMount } from '../../server/store/types.ts';
import type { WireMount } from '../../shared/wire/frames.ts';

function registry(stored: StoredMount[] = []) {
  const written: number[] = [];
  const mounts = new MountRegistry(stored, { changed: ({ id }) => void written.push(id), told: () => {} }, 0);
  let nowUs = 0;
  const announce = (
    connection: number,
    more: Partial<WireMount> = {},
    instance = 'a',
    kind: 'kernel' | 'mirror' = 'kernel',
  ) =>
    mounts.announced(
      'host',
      {
        index: 0,
        mount: '/data',
        fsType: 'fuse',
        source: 's',
        connection,
        daemon: null,
        tier: 'bpf',
        ...more,
      },
      kind,
      instance,
      ++nowUs,
    );
  return { mounts, written, announce };
}

describe('a mount of the kernel collector', () => {
  it('keeps its number when it is mounted again, and when the collector is another', () => {
    const { mounts, announce } = registry();
    const first = announce(40);
    mounts.gone(first, 9);
    expect(announce(41)).toBe(first);
    expect(announce(42, {}, 'b')).toBe(first);
  });

  it('is apart from one of the same name in another namespace', () => {
    const { announce } = registry();
    const one = announce(40);
    const two = announce(41, { namespace: '4026532261' });
    expect(two.id).not.toBe(one.id);
    expect(announce(40)).toBe(one);
    // A new collector may tell of them in another order.
    expect(announce(41, {}, 'b')).toBe(two);
    expect(announce(40, {}, 'b')).toBe(one);
  });

  it('is written down when it changes for good, not when its counts do', () => {
    const { written, announce } = registry();
    announce(40, { waiting: 0 });
    const before = written.length;
    announce(40, { waiting: 5, tier: 'none', daemon: { pid: 1, comm: 'x' } });
    expect(written).toHaveLength(before);
    announce(40, { source: 'other' });
    expect(written).toHaveLength(before + 1);
  });

  it('is hidden behind a mirror of the same connection, listened to or not, for as long as that is there', () => {
    const { mounts, announce } = registry();
    const mirror = announce(40, { tier: 'mirror' }, 'm', 'mirror');
    const kernel = announce(40, { tier: 'none', waiting: 3 });
    expect([mounts.isHidden(kernel), mounts.isHidden(mirror)]).toEqual([true, false]);
    expect(mounts.inKernel(mirror)).toBe(kernel);
    announce(40, { tier: 'bpf' });
    expect(mounts.isHidden(kernel)).toBe(true);
    mounts.gone(mirror, 5);
    expect(mounts.isHidden(kernel)).toBe(false);
    mounts.gone(kernel, 5);
    expect(mounts.isHidden(kernel)).toBe(true);
  });
});

it('of mounts that are gone the thousand that were seen last are known; numbers are not given again', () => {
  const { mounts, announce } = registry();
  const stays = announce(1, { mount: '/stays' });
  for (let i = 0; i < 1_500; i++) mounts.gone(announce(i + 2, { mount: `/pod/${i}` }), i);
  expect(mounts.all()).toHaveLength(1_001);
  expect(mounts.get(stays.id)).toBe(stays);
  expect(mounts.find('/pod/0')).toBeUndefined();
  expect(mounts.find('/pod/1499')).toBeDefined();
  expect(announce(9_000, { mount: '/pod/0' }).id).toBe(1_502);

  const stored = Array.from({ length: 1_500 }, (_, i) => ({
    ...announce(i + 2, { mount: `/stored/${i}` }),
    id: i + 1,
    lastSeenUs: i,
  }));
  const again = registry(stored);
  expect(again.mounts.all()).toHaveLength(1_000);
  expect(again.announce(5, { mount: '/new' }).id).toBe(1_501);
});
