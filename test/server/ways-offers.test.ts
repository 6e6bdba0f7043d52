// Which ways out are offered, by what is known; and looking at processes one of which hangs.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { launchHere } from '../../server/launch/launch.ts';
import { offers, type Situation } from '../../server/ways/offers.ts';
import { WayRunner } from '../../server/ways/runner.ts';
import { TOKEN_MS, Tokens } from '../../server/ways/tokens.ts';
import { blankSpan } from '../../shared/span.ts';
import type { Action, ConnectionFacts, ProcessFact, WayName } from '../../shared/ways.ts';
import { tempDir } from './store/helpers.ts';

const bindfs: ProcessFact = {
  pid: 71,
  ppid: 1,
  comm: 'bindfs',
  state: 'S',
  startTicks: 5,
  tracer: 0,
  signalable: true,
};

function situation(fields: Partial<Situation> = {}, facts: Partial<ConnectionFacts> | null = {}): Situation {
  return {
    mount: "/mnt/it's here",
    kind: 'kernel',
    here: true,
    connection: 42,
    dead: false,
    aborted: false,
    daemon: { pid: 71, comm: 'bindfs' },
    options: 'rw,user_id=1000',
    facts: facts && {
      places: [{ id: 9, mountpoint: "/mnt/it's here", source: 's', namespace: null, pid: 1 }],
      abort: 'yes',
      fusectl: true,
      waiting: 1,
      daemon: [bindfs],
      callers: [],
      root: true,
      ...facts,
    },
    helpers: [],
    open: [],
    held: null,
    uid: 0,
    ...fields,
  };
}

function offer(name: WayName, at: Situation): Action {
  const found = offers(at).find((one) => one.action === name);
  if (!found) throw new Error(name);
  return found;
}

it('gives the exact command where the server lacks the rights', () => {
  const denied = offer('abort', situation({}, { abort: 'denied', root: false }));
  expect(denied).toMatchObject({
    applies: true,
    permitted: false,
    manual: 'echo 1 | sudo tee /sys/fs/fuse/connections/42/abort',
    command: "fusescope abort '/mnt/it'\\''s here'",
  });
  const noFusectl = offer('abort', situation({}, { abort: 'absent', fusectl: false }));
  expect(noFusectl.manual).toMatch(/^sudo mount -t fusectl none \S+ && echo 1 \| sudo tee /);
  const dead = { dead: true, daemon: null };
  expect(offer('unmount', situation({ ...dead, uid: 7 }, { root: false }))).toMatchObject({
    applies: true,
    permitted: false,
    manual: "sudo umount -l '/mnt/it'\\''s here'",
  });
  expect(offer('unmount', situation({ ...dead, uid: 1000 }, { root: false })).permitted).toBe(true);
  const far = { id: 9, mountpoint: '/data', source: 's', namespace: 'mnt:[7]', pid: 300 };
  expect(offer('unmount', situation(dead, { places: [far] }))).toMatchObject({
    permitted: false,
    manual: 'sudo nsenter -t 300 -m umount -l /data',
  });
  const stopped = { ...bindfs, state: 'T', signalable: false };
  expect(offer('continue', situation({}, { daemon: [stopped] }))).toMatchObject({
    applies: true,
    permitted: false,
    manual: 'sudo kill -CONT 71',
  });
});

it('continues what is stopped below the daemon too, and leaves a debugger to itself', () => {
  const ssh = { ...bindfs, pid: 72, ppid: 71, comm: 'ssh', state: 'T' };
  expect(offer('continue', situation({}, { daemon: [bindfs, ssh] })).targets).toEqual([
    { pid: 72, comm: 'ssh', text: 'stopped' },
  ]);
  const traced = { ...bindfs, state: 't', tracer: 99 };
  expect(offer('continue', situation({}, { daemon: [traced] }))).toMatchObject({
    applies: false,
    effect: 'bindfs 71 is held by a debugger, process 99. It is continued there.',
  });
});

it('takes what it may not see for unknown, not for absent', () => {
  const blind = situation({ daemon: null }, { abort: 'denied', waiting: null, daemon: [], root: false });
  expect(offer('abort', blind)).toMatchObject({ applies: true, permitted: false });
  expect(offer('continue', blind).effect).toBe('Not offered: which process answers it is not known.');
  expect(offer('unmount', blind).effect).toBe('Not offered: whether its daemon lives is not known.');
});

it('says why nothing applies to what is no mount of this machine', () => {
  for (const at of [
    situation({ kind: 'log', here: true, connection: null }, null),
    situation({ here: false, connection: null }, null),
  ]) {
    const all = offers(at);
    expect(all.every((one) => !one.applies && one.effect.startsWith('Not offered: '))).toBe(true);
  }
});

it('puts what applies first, the mildest before the rest', () => {
  const caller = { ...bindfs, pid: 80, comm: 'ls' };
  const span = { ...blankSpan(1, 1, '/m', 'kernel', 'lookup'), pid: 80, comm: 'ls' };
  const at = situation(
    { held: 'The demo holds one back.', open: [{ span, ageMs: 3_000 }] },
    { daemon: [{ ...bindfs, state: 'T' }], callers: [caller] },
  );
  expect(offers(at).map((one) => one.action)).toEqual(['release', 'continue', 'abort', 'signal', 'unmount']);
  expect(offer('signal', at).targets[0]?.text).toBe('waits for 1 operation, the longest 3.0 s');
});

it('continues what the daemon waits for, where that is stopped', () => {
  const sshd = { ...bindfs, pid: 99, comm: 'sshd', state: 'T' };
  const resume = offer('continue', situation({ helpers: [sshd] }));
  expect(resume).toMatchObject({
    applies: true,
    title: 'Continue what the daemon waits for',
    targets: [{ pid: 99, comm: 'sshd', text: 'stopped' }],
    manual: 'sudo kill -CONT 99',
  });
});

it('takes a token once, and not for ever', () => {
  const tokens = new Tokens<string>();
  const token = tokens.issue('this', 0);
  const late = tokens.issue('that', 0);
  expect(tokens.redeem('other', 1)).toBeNull();
  expect(tokens.redeem(token, TOKEN_MS - 1)).toBe('this');
  expect(tokens.redeem(token, 1)).toBeNull();
  expect(tokens.redeem(late, TOKEN_MS)).toBeNull();
});

it('leaves out a process whose files hang, kills the look that hangs in them, and says so', async () => {
  const program = join(tempDir(), 'looks.mjs');
  writeFileSync(
    program,
    `import { writeSync } from 'node:fs';
     const { skip } = JSON.parse(process.argv[2]);
     for (const pid of [5, 7, 9]) {
       if (skip.includes(pid)) continue;
       writeSync(1, JSON.stringify({ at: pid }) + '\\n');
       if (pid === 7) await new Promise(() => setInterval(() => {}, 1_000));
       writeSync(1, JSON.stringify({ holder: { pid, comm: 'x', files: [], fileCount: 1 } }) + '\\n');
     }`,
  );
  const { found, skipped } = await new WayRunner(program, launchHere).holders([]);
  expect(found.map((one) => one.pid)).toEqual([5, 9]);
  expect(skipped).toEqual([7]);
});
