// What a way out would do, put into words and lists before it is done. Pure: from what was seen of the mount.
import { formatAge } from '../../shared/units.ts';
import type { Action, Holder, Preview, PreviewRequest, ProcessFact } from '../../shared/ways.ts';
import { callersOf, nameOf, operations, type Situation } from './offers.ts';

const OPERATIONS_SHOWN = 50;

/** The part of a preview that does not depend on the token. */
export type Shown = Omit<Preview, 'token' | 'expiresUs' | 'mountId'>;

export interface Look {
  situation: Situation;
  offer: Action;
  request: PreviewRequest;
  /** The process that continue and signal are about. */
  targets: readonly ProcessFact[];
  holders: readonly Holder[];
  skipped: readonly number[];
}

export function previewOf(look: Look): Shown {
  const { situation, offer, request, targets } = look;
  const { open, facts } = situation;
  // Those that the kernel counts beyond what was seen are part of what fails.
  const count = Math.max(open.length, facts?.waiting ?? 0);
  const concerned = request.action === 'signal' ? open.filter(({ span }) => span.pid === request.pid) : open;
  const shown = request.action === 'unmount' ? [] : concerned;
  return {
    action: request.action,
    mount: situation.mount,
    title: offer.title,
    effects: EFFECTS[request.action](look, count),
    operations: shown.slice(0, OPERATIONS_SHOWN).map(({ span, ageMs }) => ({
      op: span.op,
      path: span.path,
      pid: span.pid,
      comm: span.comm,
      ageMs,
    })),
    operationCount: request.action === 'signal' ? concerned.length : request.action === 'unmount' ? 0 : count,
    processes:
      targets.length > 0
        ? targets.map(({ pid, comm, state }) => ({ pid, comm, text: STATES[state] ?? 'runs' }))
        : callersOf(situation),
    holders: [...look.holders],
    incomplete: incompleteWords(look),
    command: offer.command,
    manual: offer.manual,
  };
}

type Effects = (look: Look, count: number) => string[];

const EFFECTS: Readonly<Record<PreviewRequest['action'], Effects>> = {
  abort: ({ situation, holders }, count) => [
    count === 0 ? 'No operation is open.' : `${failing(count)} with ENOTCONN, ECONNABORTED or EIO.`,
    ...(holders.length === 0
      ? ['No process is known to have a file of it open.']
      : [`${filesOf(holders)}. What they have not written is lost, and their next use of it fails.`]),
    `The mount ${situation.mount} answers nobody until it is mounted again.`,
  ],
  continue: ({ targets }, count) => [
    `${targets.map(nameOf).join(', ')} goes on where it was stopped.`,
    count === 0 ? 'No operation waits for it now.' : `${operations(count)} can be answered then.`,
  ],
  unmount: ({ holders }) => [
    'The mount point is free again at once.',
    holders.length === 0
      ? 'No process is known to have a file of it open.'
      : `${filesOf(holders)}; they keep them until they close them or end.`,
  ],
  signal: ({ targets, request, situation }) => [
    `${targets.map(nameOf).join(', ')} is sent ${request.signal ?? 'SIGTERM'}.`,
    ...(situation.open.some(({ span }) => span.pid === request.pid)
      ? [
          'Where the daemon has taken its request, the process ends only once that is answered or aborted: ' +
            'the kernel lets nobody out before.',
        ]
      : []),
  ],
  release: ({ situation }) => [
    situation.held ?? '',
    situation.open[0]
      ? `The oldest open operation has waited ${formatAge(situation.open[0].ageMs).text}.`
      : 'No operation is open.',
  ],
};

const STATES: Readonly<Record<string, string>> = {
  T: 'stopped',
  t: 'held by a debugger',
  D: 'in uninterruptible sleep',
  S: 'sleeps',
};

function failing(count: number): string {
  return count === 1 ? '1 operation fails' : `${count} operations fail`;
}

function filesOf(holders: readonly Holder[]): string {
  const files = holders.reduce((sum, holder) => sum + holder.fileCount, 0);
  const who = holders.length === 1 ? '1 process has' : `${holders.length} processes have`;
  return `${who} ${files === 1 ? '1 file' : `${files} files`} of it open`;
}

function incompleteWords({ situation, skipped }: Look): string | null {
  const parts: string[] = [];
  if (situation.facts && !situation.facts.root)
    parts.push('open files of other users’ processes cannot be seen without root');
  if (skipped.length > 0)
    parts.push(`process ${skipped.join(', ')} hangs in execve, so its files cannot be read`);
  if (situation.facts?.waiting === null) parts.push('what the kernel counts as waiting cannot be read');
  return parts.length === 0 ? null : parts.join('; ');
}
