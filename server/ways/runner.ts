// Runs fuse/ways for one question or deed: a process that is killed when it takes too long. Where it hung at a process,
// it is asked again without that one, and the answer says so.
import type { Footing } from '../../shared/footing.ts';
import type { ConnectionFacts, Holder, MountPlace, WayLine, WayRequest } from '../../shared/ways.ts';
import { CodedError } from '../errors.ts';
import type { Launch } from '../launch/launch.ts';

/** To start, on a machine that is busy. */
const START_MS = 15_000;
/** A look that tells nothing for so long hangs. */
const LOOK_MS = 2_000;
/** A deed has its own bounds in it; this is for what goes beyond them. */
const DEED_MS = 20_000;
const MAX_LOOKS = 4;

export interface Looked<T> {
  found: T;
  /** Processes whose files in /proc hang. */
  skipped: number[];
}

type Deed = Exclude<WayRequest, { ask: 'facts' | 'holders' | 'footings' }>;

export class WayRunner {
  readonly #program: string;
  readonly #launch: Launch;

  /** @param program entry file that node runs */
  constructor(program: string, launch: Launch) {
    this.#program = program;
    this.#launch = launch;
  }

  /** @throws CodedError FUSESCOPE_BUSY where /proc hangs at every turn */
  async facts(
    connection: number,
    daemon: number | null,
    callers: number[],
  ): Promise<Looked<ConnectionFacts>> {
    const { lines, skipped } = await this.#look((skip) => ({
      ask: 'facts',
      connection,
      daemon,
      callers,
      skip,
    }));
    const facts = lines.find((line) => 'facts' in line)?.facts;
    if (!facts) throw failed('the look at its processes gave nothing');
    return { found: facts, skipped };
  }

  /** Who has files of these mounts open. @throws as `facts` */
  async holders(places: MountPlace[]): Promise<Looked<Holder[]>> {
    const { lines, skipped } = await this.#look((skip) => ({ ask: 'holders', places, skip }));
    return { found: lines.filter((line) => 'holder' in line).map((line) => line.holder), skipped };
  }

  /** What daemons stand on, and the mount tables of their namespaces. @throws as `facts` */
  async footings(pids: number[]): Promise<Looked<{ footings: Footing[]; tables: Map<string, string> }>> {
    const { lines, skipped } = await this.#look((skip) => ({ ask: 'footings', pids, skip }));
    const footings = lines.flatMap((line) => ('footing' in line ? line.footing : []));
    const tables = lines.flatMap((line) => ('table' in line ? line.table : []));
    const found = { footings, tables: new Map(tables.map(({ namespace, text }) => [namespace, text])) };
    return { found, skipped };
  }

  /** Null: done; else what the system said. */
  async perform(request: Deed): Promise<string | null> {
    const run = await this.#run(request, null);
    const line = run.lines.find((one) => 'done' in one);
    if (line) return line.done;
    return run.ended ? 'it could not be done' : `it did not end within ${DEED_MS / 1_000} s and was stopped`;
  }

  async #look(request: (skip: number[]) => WayRequest): Promise<{ lines: WayLine[]; skipped: number[] }> {
    const skipped: number[] = [];
    for (let turn = 0; turn < MAX_LOOKS; turn++) {
      const { lines, ended, at } = await this.#run(request(skipped), LOOK_MS);
      if (ended) return { lines, skipped };
      if (at === null) break;
      skipped.push(at);
    }
    throw failed('/proc does not answer');
  }

  /**
   * @param quietMs longest pause between two lines; null: all of it within DEED_MS
   * @returns `ended` false where it was killed, at the process that it was looking at
   */
  #run(
    request: WayRequest,
    quietMs: number | null,
  ): Promise<{ lines: WayLine[]; ended: boolean; at: number | null }> {
    return new Promise((resolve) => {
      const child = this.#launch(process.execPath, [this.#program, JSON.stringify(request)], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const lines: WayLine[] = [];
      let at: number | null = null;
      let settled = false;
      const settle = (ended: boolean) => {
        if (settled) return;
        settled = true;
        clearTimeout(timer);
        resolve({ lines, ended, at });
      };
      const kill = () => {
        child.kill('SIGKILL');
        // One that cannot be killed is left to itself; it ends when what it hangs in does.
        child.unref();
        settle(false);
      };
      let timer = setTimeout(kill, quietMs === null ? DEED_MS : START_MS);
      let rest = '';
      child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
        if (settled) return;
        if (quietMs !== null) {
          clearTimeout(timer);
          timer = setTimeout(kill, quietMs);
        }
        const whole = (rest + chunk).split('\n');
        rest = whole.pop() ?? '';
        for (const line of whole) {
          const told = JSON.parse(line) as WayLine;
          if ('at' in told) at = told.at;
          else lines.push(told);
        }
      });
      child.once('error', () => settle(true));
      child.once('close', () => settle(true));
    });
  }
}

function failed(why: string): CodedError {
  return new CodedError('FUSESCOPE_BUSY', `the mount cannot be looked at now (${why}). Try again`);
}
