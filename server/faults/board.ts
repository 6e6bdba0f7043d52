// The rules on the mirrors of this server. Each mirror keeps its own and tells of them; here is what they last told,
// and the way to ask them for a change. A change is answered when the mirror has made it.
import { randomBytes } from 'node:crypto';
import type { Fault } from '../../shared/api.ts';
import { type FaultRule, faultProblem } from '../../shared/fault.ts';
import type { Control, WireFaults } from '../../shared/wire/faults.ts';
import { CodedError } from '../errors.ts';
import type { Intake } from '../ingest/intake.ts';
import type { MountRecord, MountRegistry } from '../mounts/registry.ts';

/** A mirror answers in its next turn; after this it is not waited for. */
const ANSWER_MS = 5_000;

interface Waiting {
  resolve: (touched: number) => void;
  reject: (error: Error) => void;
  timer: NodeJS.Timeout;
}

type Ask = Control extends infer One ? (One extends Control ? Omit<One, 'request'> : never) : never;

export class FaultBoard {
  readonly #mounts: MountRegistry;
  readonly #intake: Intake;
  readonly #told = new Map<number, { instance: string | null; rules: WireFaults['rules'] }>();
  readonly #waiting = new Map<number, Waiting>();
  #nextRequest = 1;

  constructor(mounts: MountRegistry, intake: Intake) {
    this.#mounts = mounts;
    this.#intake = intake;
    intake.onFaults = (mount, frame) => this.#take(mount, frame);
  }

  /** Every rule, or those of one mirror. */
  list(mount?: MountRecord): Fault[] {
    const mirrors = mount ? [mount] : this.#mounts.all();
    return mirrors.flatMap((mirror) => {
      const told = this.#told.get(mirror.id);
      if (!told || !mirror.present || told.instance !== mirror.instance) return [];
      return told.rules.map((rule) => ({ ...rule, mountId: mirror.id, mount: mirror.name }));
    });
  }

  /** Those of the mirror of a mount, whoever tells of the mount; none where it is no mirror. */
  listAt(mount: MountRecord): Fault[] {
    const mirror = this.#findMirror(mount);
    return mirror ? this.list(mirror) : [];
  }

  /** @throws CodedError FUSESCOPE_INVALID where the rule cannot be. */
  async put(mirror: MountRecord, rule: FaultRule): Promise<Fault> {
    const problem = faultProblem(rule);
    if (problem !== null) throw new CodedError('FUSESCOPE_INVALID', problem);
    const id = rule.id ?? this.#freeId(rule);
    await this.#ask(mirror, { do: 'put', rule: { ...rule, id } });
    return this.#found(mirror, id);
  }

  async switch(mirror: MountRecord, id: string, on: boolean): Promise<Fault> {
    await this.#ask(mirror, { do: 'switch', id, on });
    return this.#found(mirror, id);
  }

  async remove(mirror: MountRecord, id: string): Promise<void> {
    await this.#ask(mirror, { do: 'remove', id });
  }

  /** Removes every rule of these mirrors and lets everything go on. @returns how many rules there were. */
  async clear(mirrors: readonly MountRecord[]): Promise<number> {
    const counts = await Promise.all(mirrors.map((mirror) => this.#ask(mirror, { do: 'clear' })));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** Lets hanging operations go on, of one rule or of all (null). @returns how many. */
  release(mirror: MountRecord, id: string | null): Promise<number> {
    return this.#ask(mirror, { do: 'release', id });
  }

  /** Mirrors that can be asked now. */
  mirrors(): MountRecord[] {
    return this.#mounts
      .all()
      .filter((one) => one.kind === 'mirror' && one.present && this.#intake.reaches(one));
  }

  /** The mirror of a mount, whoever tells of the mount. @throws CodedError where it is none. */
  mirrorOf(mount: MountRecord): MountRecord {
    const found = this.#findMirror(mount);
    if (found) return found;
    throw new CodedError(
      'FUSESCOPE_CONFLICT',
      mount.kind === 'mirror'
        ? `the mirror on ${mount.mount} is not connected to this server`
        : `${mount.mount} is no mirror; faults are for mirrors only. Make one: fusescope mount SOURCE MOUNTPOINT`,
    );
  }

  /** The mirror that has a rule. @param among only these, where the id alone does not tell. */
  holderOf(id: string, among?: MountRecord): MountRecord {
    const holders = this.list(among).filter((rule) => rule.id === id);
    const [first] = holders;
    if (!first)
      throw new CodedError('FUSESCOPE_NOT_FOUND', `there is no fault ${id}; GET /api/faults lists them`);
    if (holders.length > 1)
      throw new CodedError(
        'FUSESCOPE_CONFLICT',
        `${holders.length} mirrors have a fault ${id}; say which with ?mount=`,
      );
    return this.#mounts.get(first.mountId) as MountRecord;
  }

  #findMirror(mount: MountRecord): MountRecord | undefined {
    return this.mirrors().find(
      (one) =>
        one === mount ||
        (one.host === mount.host && one.connection !== null && one.connection === mount.connection),
    );
  }

  #ask(mirror: MountRecord, ask: Ask): Promise<number> {
    const request = this.#nextRequest++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(request);
        reject(
          new CodedError(
            'FUSESCOPE_MIRROR',
            `the mirror on ${mirror.mount} did not answer within ${ANSWER_MS / 1000} s`,
          ),
        );
      }, ANSWER_MS);
      this.#waiting.set(request, { resolve, reject, timer });
      if (this.#intake.control(mirror, { ...ask, request } as Control)) return;
      this.#waiting.delete(request);
      clearTimeout(timer);
      reject(
        new CodedError('FUSESCOPE_CONFLICT', `the mirror on ${mirror.mount} is not connected to this server`),
      );
    });
  }

  #take(mount: MountRecord, frame: WireFaults): void {
    this.#told.set(mount.id, { instance: mount.instance, rules: frame.rules });
    for (const { request, touched, error } of frame.answers) {
      const waiting = this.#waiting.get(request);
      if (!waiting) continue;
      this.#waiting.delete(request);
      clearTimeout(waiting.timer);
      if (error === null) waiting.resolve(touched);
      else waiting.reject(new CodedError('FUSESCOPE_INVALID', error));
    }
  }

  #found(mirror: MountRecord, id: string): Fault {
    const found = this.list(mirror).find((rule) => rule.id === id);
    if (!found) throw new CodedError('FUSESCOPE_NOT_FOUND', `the fault ${id} is gone again`);
    return found;
  }

  #freeId(rule: FaultRule): string {
    const kind = rule.preset ?? Object.keys(rule.effect)[0] ?? 'rule';
    for (;;) {
      const id = `${kind}-${randomBytes(2).toString('hex')}`;
      if (!this.list().some((one) => one.id === id)) return id;
    }
  }
}
