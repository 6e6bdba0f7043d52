// Ways out of a stall: what there is for a mount, the preview of one, and doing it. Nothing is done without the token of
// a preview; what is done is written down, and looked at afterwards.
import type {
  Action,
  Outcome,
  Preview,
  PreviewRequest,
  ProcessFact,
  WayName,
  WaySignal,
} from '../../shared/ways.ts';
import { CodedError } from '../errors.ts';
import type { MountRecord } from '../mounts/registry.ts';
import { Aborted } from './aborted.ts';
import type { Asker, AuditLog } from './audit.ts';
import { check, type Deed, type Verdict } from './checks.ts';
import { offers } from './offers.ts';
import { previewOf } from './preview.ts';
import { lookAt, openOf, type Seen, type Watching } from './situation.ts';
import { TOKEN_MS, Tokens } from './tokens.ts';

interface Promised extends Deed {
  record: MountRecord;
  kernel: MountRecord;
  daemon: ProcessFact | null;
  /** Aborted: its daemon may live. */
  answered: boolean;
  ids: ReadonlySet<number>;
}

export interface WaysOptions extends Omit<Watching, 'aborted'> {
  audit: AuditLog;
}

/** Ways that have to know who keeps the mount busy. */
const ASK_HOLDERS: ReadonlySet<WayName> = new Set(['abort', 'unmount']);

export class Ways {
  readonly #options: WaysOptions;
  readonly #tokens = new Tokens<Promised>();
  readonly #aborted: Aborted;

  constructor(options: WaysOptions) {
    this.#options = options;
    this.#aborted = new Aborted(options.trace);
  }

  /** @throws CodedError FUSESCOPE_NOT_FOUND, FUSESCOPE_BUSY */
  async actions(mountId: number): Promise<Action[]> {
    return offers((await this.#look(mountId)).situation);
  }

  /** @throws CodedError FUSESCOPE_CONFLICT where it does not apply, with the reason */
  async preview(mountId: number, request: PreviewRequest): Promise<Preview> {
    const seen = await this.#look(mountId);
    const { situation, record, ids } = seen;
    const offer = offers(situation).find((one) => one.action === request.action);
    if (!offer?.applies) throw refused(offer?.effect ?? 'there is no such action');
    const targets = targetsOf(seen, offer, request);
    const places = situation.facts?.places ?? [];
    const { runner } = this.#options;
    const look = ASK_HOLDERS.has(request.action) ? await runner.holders(places) : { found: [], skipped: [] };
    const shown = previewOf({
      situation,
      offer,
      request,
      targets,
      holders: look.found,
      skipped: [...new Set([...seen.skipped, ...look.skipped])],
    });
    const token = this.#tokens.issue(
      {
        action: request.action,
        mount: record.mount,
        connection: situation.connection,
        places,
        targets,
        signal: request.signal ?? 'SIGTERM',
        record,
        kernel: seen.kernel,
        daemon: situation.facts?.daemon[0] ?? null,
        answered: situation.aborted,
        ids,
      },
      performance.now(),
    );
    return { ...shown, mountId, token, expiresUs: (Date.now() + TOKEN_MS) * 1_000 };
  }

  /** @throws CodedError FUSESCOPE_CONFLICT for a token that does not hold */
  async perform(mountId: number, action: WayName, token: string, asker: Asker): Promise<Outcome> {
    const promised = this.#tokens.redeem(token, performance.now());
    if (!promised || promised.action !== action || promised.record.id !== mountId)
      throw new CodedError(
        'FUSESCOPE_CONFLICT',
        'this token is of no preview that still holds. Ask for a preview again, and look at it',
      );
    const { audit, trace, runner } = this.#options;
    const { record, ids, connection, mount } = promised;
    const openCount = () => openOf(trace, record, ids).length;
    const openBefore = openCount();
    const line = audit.begin({ action, mountId, mount, connection, target: targetWords(promised) }, asker);
    const verdict = await this.#attempt(promised)
      .then((error): Promise<Verdict> | Verdict =>
        error === null
          ? check(promised, { runner, openCount, openBefore })
          : { outcome: 'failed', text: error, holders: [], next: null },
      )
      .catch(
        (error: Error): Verdict => ({ outcome: 'partly', text: error.message, holders: [], next: null }),
      );
    return {
      audit: audit.end(line, verdict.outcome, verdict.text),
      holders: verdict.holders,
      next: verdict.next,
    };
  }

  #look(mountId: number): Promise<Seen> {
    return lookAt(mountId, { ...this.#options, aborted: this.#aborted });
  }

  /** Null: done; else what the system said. */
  async #attempt(promised: Promised): Promise<string | null> {
    const { action, places, targets, record } = promised;
    const { runner, holding } = this.#options;
    const connection = promised.connection ?? 0;
    switch (action) {
      case 'abort': {
        const error = await runner.perform({ ask: 'abort', connection, places, daemon: promised.daemon });
        if (error === null) this.#aborted.add(promised.kernel);
        return error;
      }
      case 'unmount':
        return runner.perform({ ask: 'unmount', connection, places, answered: promised.answered });
      case 'continue':
        return this.#signal(targets, 'SIGCONT');
      case 'signal':
        return this.#signal(targets, promised.signal as WaySignal);
      case 'release':
        await holding.release(record);
        return null;
    }
  }

  async #signal(targets: readonly ProcessFact[], signal: WaySignal | 'SIGCONT'): Promise<string | null> {
    for (const { pid, startTicks } of targets) {
      const error = await this.#options.runner.perform({ ask: 'signal', pid, startTicks, signal });
      if (error !== null) return error;
    }
    return null;
  }
}

/** The processes it is about; of continue all that are stopped, unless one is named. */
function targetsOf({ situation }: Seen, offer: Action, { action, pid }: PreviewRequest): ProcessFact[] {
  if (action !== 'continue' && action !== 'signal') return [];
  const { facts, helpers } = situation;
  const known = [...(facts?.daemon ?? []), ...helpers, ...(facts?.callers ?? [])];
  if (action === 'signal' && pid === undefined)
    throw new CodedError('FUSESCOPE_INVALID', 'say which process: pid, one of the targets of the action');
  const wanted = offer.targets.filter((one) => pid === undefined || one.pid === pid);
  const found = wanted.map((one) => known.find((fact) => fact.pid === one.pid)).filter((fact) => !!fact);
  if (found.length > 0) return found;
  throw refused(`process ${pid} is none of its targets: ${offer.targets.map((one) => one.pid).join(', ')}`);
}

function targetWords({ action, targets, signal }: Promised): string | null {
  if (targets.length === 0) return null;
  const names = targets.map((one) => `${one.comm} ${one.pid}`).join(', ');
  return action === 'signal' ? `${signal} to ${names}` : names;
}

function refused(why: string): CodedError {
  return new CodedError('FUSESCOPE_CONFLICT', why);
}
