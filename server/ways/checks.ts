// After a way out: did it work? Looks until it has, or for some seconds, and says what is left and who holds it.
import type { Audit, Holder, MountPlace, ProcessFact, WayName } from '../../shared/ways.ts';
import { nameOf, operations } from './offers.ts';
import type { WayRunner } from './runner.ts';

const WAIT_MS = 4_000;
const STEP_MS = 50;

export interface Deed {
  action: WayName;
  mount: string;
  connection: number | null;
  places: MountPlace[];
  targets: ProcessFact[];
  signal: string;
}

export interface Checking {
  runner: WayRunner;
  /** Operations that are open now. */
  openCount: () => number;
  /** Before it was done. */
  openBefore: number;
}

export interface Verdict {
  outcome: Audit['outcome'];
  text: string;
  holders: Holder[];
  next: string | null;
}

type Check = (deed: Deed, checking: Checking) => Promise<Verdict>;

const busyNext = (mount: string) =>
  `A mount that is busy is unmounted with "fusescope unmount ${mount}"; it goes for good when those who hold it end.`;

const abort: Check = async (deed, { runner, openCount, openBefore }) => {
  const gone = await settled(async () => openCount() === 0 && (await waitingOf(runner, deed)) === 0);
  const holders = await holdersOf(runner, deed);
  const held = holders.length > 0;
  if (!gone) {
    const left = Math.max(openCount(), (await waitingOf(runner, deed)) ?? 0);
    const text = `aborted, but ${operations(left)} still ${left === 1 ? 'waits' : 'wait'}`;
    return { outcome: 'partly', text, holders, next: held ? busyNext(deed.mount) : null };
  }
  const ended = openBefore === 0 ? 'nothing waited for it' : `${operations(openBefore)} ended`;
  return {
    outcome: 'done',
    text: held ? `aborted, ${ended}; still busy: ${holders.map(nameOf).join(', ')}` : `aborted, ${ended}`,
    holders,
    next: held ? busyNext(deed.mount) : null,
  };
};

const resume: Check = async (deed, { runner, openCount, openBefore }) => {
  const states = () => statesOf(runner, deed);
  const runs = await settled(async () => (await states()).every((one) => one.state !== 'T'));
  if (!runs)
    return verdict('failed', `${deed.targets.map(nameOf).join(', ')} is still stopped: it was stopped again`);
  await settled(async () => openCount() < openBefore || openBefore === 0);
  const answered = Math.max(0, openBefore - openCount());
  const what =
    openBefore === 0
      ? ''
      : answered > 0
        ? `, ${operations(answered)} of ${openBefore} answered`
        : ', but nothing was answered yet';
  return verdict(
    openBefore === 0 || answered > 0 ? 'done' : 'partly',
    `${deed.targets.map(nameOf).join(', ')} runs again${what}`,
  );
};

const unmount: Check = async (deed, { runner }) => {
  const own = deed.places.filter((place) => place.namespace === null);
  const gone = await settled(async () => {
    const { found } = await runner.facts(deed.connection ?? 0, null, []);
    return !found.places.some((place) =>
      own.some((one) => one.id === place.id && one.mountpoint === place.mountpoint),
    );
  });
  if (!gone) return verdict('failed', 'it is still mounted');
  const holders = await holdersOf(runner, deed);
  const text =
    holders.length === 0 ? 'unmounted' : `unmounted; still held by ${holders.map(nameOf).join(', ')}`;
  return { outcome: 'done', text, holders, next: null };
};

const signal: Check = async (deed, { runner }) => {
  const gone = await settled(async () => (await statesOf(runner, deed)).length === 0);
  const names = deed.targets.map(nameOf).join(', ');
  if (gone) return verdict('done', `${names} has ended`);
  return verdict(
    'partly',
    `${names} was sent ${deed.signal} and has not ended`,
    'Its request is at the daemon, or it keeps the signal back. Aborting the connection frees it.',
  );
};

const release: Check = async (_deed, { openCount, openBefore }) => {
  const freed = await settled(async () => openCount() < openBefore || openBefore === 0);
  return freed
    ? verdict('done', openBefore === 0 ? 'released' : 'released, and the operation has ended')
    : verdict('partly', 'released, but no operation has ended yet');
};

const CHECKS: Readonly<Record<WayName, Check>> = { abort, continue: resume, unmount, signal, release };

/** @throws CodedError FUSESCOPE_BUSY where /proc hangs */
export function check(deed: Deed, checking: Checking): Promise<Verdict> {
  return CHECKS[deed.action](deed, checking);
}

function verdict(outcome: Audit['outcome'], text: string, next: string | null = null): Verdict {
  return { outcome, text, holders: [], next };
}

async function waitingOf(runner: WayRunner, deed: Deed): Promise<number | null> {
  if (deed.connection === null) return 0;
  const { found } = await runner.facts(deed.connection, null, []);
  return found.waiting ?? 0;
}

async function holdersOf(runner: WayRunner, deed: Deed): Promise<Holder[]> {
  return (await runner.holders(deed.places)).found;
}

/** Targets that still are what they were. */
async function statesOf(runner: WayRunner, deed: Deed): Promise<ProcessFact[]> {
  const pids = deed.targets.map((one) => one.pid);
  const { found } = await runner.facts(deed.connection ?? 0, null, pids);
  return found.callers.filter((now) =>
    deed.targets.some((one) => one.pid === now.pid && one.startTicks === now.startTicks),
  );
}

/** True as soon as it is; false where it is not for WAIT_MS. */
async function settled(look: () => Promise<boolean>): Promise<boolean> {
  const until = performance.now() + WAIT_MS;
  for (;;) {
    if (await look()) return true;
    if (performance.now() >= until) return false;
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
}
