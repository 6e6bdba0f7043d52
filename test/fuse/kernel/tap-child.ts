// A tap in a process of its own, so that a test can put it into another namespace: TIER CONNECTION MOUNTPOINT. Prints a
// JSON line when it listens, one for each record, and, told to by a line of input, looks at the mount itself (which
// nothing of FuseScope does) and has a child of its own look.
import { execFile } from 'node:child_process';
import { stat } from 'node:fs';
import { createInterface } from 'node:readline';
import { startBpfTap } from '../../../fuse/kernel/bpf-tap.ts';
import type { TapEvents } from '../../../fuse/kernel/tap.ts';
import { startTracefsTap } from '../../../fuse/kernel/tracefs/tap.ts';

const [tier, connection, mountpoint = ''] = process.argv.slice(2);
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

let excluded = 0;
const events: TapEvents = {
  record: (record) => say(record),
  name: () => undefined,
  loss: () => undefined,
  ended: (reason) => say({ ended: reason }),
};
const onExcluded = (count: number) => {
  excluded += count;
  say({ excluded });
};
const tap =
  tier === 'bpf'
    ? await startBpfTap({ ownPids: [process.pid], onExcluded }, events)
    : await startTracefsTap({ bufferKb: null }, events);
tap.watch(new Set([Number(connection)]));
say({ ready: process.pid, open: (await tap.inflight()).map(({ record }) => record) });

createInterface({ input: process.stdin })
  .on('line', () =>
    stat(`${mountpoint}/own`, () => {
      const child = execFile('stat', [`${mountpoint}/child`], () => say({ child: child.pid }));
    }),
  )
  .on('close', () => void tap.close());
